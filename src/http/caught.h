#pragma once

#include "http/body.h"
#include "telemetry/log.h"

namespace flowsell::http {

/// The next piece of a body whose source may throw: that too is a failure, and is logged.
inline Task<std::string_view> next_caught(BodySource& source) {
  try {
    co_return co_await source.next();
  } catch (...) {
    log::error("a body's source threw");
  }
  co_return fail(ErrorCode::kInternal, "an internal fault");
}

}  // namespace flowsell::http
