#pragma once

#include "http/message.h"

namespace flowsell::api {

/// Says of an answer that it is an earlier call's, where it is.
inline void mark_replay(http::Response& response, bool is_replay) {
  if (is_replay) response.headers.push_back({"Idempotent-Replayed", "true"});
}

}  // namespace flowsell::api
