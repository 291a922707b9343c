#pragma once

#include "core/error.h"
#include "http/message.h"
#include "json/json.h"

namespace flowsell::api {

/// The request's JSON document. Fails with kUnsupportedMediaType (another Content-Type) or
/// kInvalidJson.
Result<json::Document> json_body(const http::Request& request);

}  // namespace flowsell::api
