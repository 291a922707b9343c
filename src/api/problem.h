#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "http/message.h"

namespace flowsell::api {

/// An error as application/problem+json (RFC 9457), with our code, retryable, fix, errors and
/// provider. `instance` is the request's id.
http::Response problem(const Error& error, std::string_view instance);

}  // namespace flowsell::api
