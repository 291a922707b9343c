#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "oidc/fault.h"

namespace flowsell::oidc {

/// What the browser brings back from the provider (RFC 6749, section 4.1.2; RFC 9207). Empty: not
/// sent. All of it is hostile until Client::finish() has looked at it.
struct Callback {
  std::string code;
  std::string state;
  std::string iss;
  std::string error;
};

/// Reads a query, or a body of response_mode=form_post. Other parameters are passed over. Fails
/// with kCallbackInvalid: one of ours twice (RFC 6749, section 3.1), broken percent-encoding, over
/// 8 kB.
Result<Callback> parse_callback(std::string_view query);

}  // namespace flowsell::oidc
