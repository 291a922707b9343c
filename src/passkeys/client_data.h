#pragma once

#include <string>
#include <string_view>

#include "passkeys/fault.h"

namespace flowsell::passkeys {

/// What a browser says of how it came to ask an authenticator (WebAuthn Level 3, section 5.8.1).
/// The authenticator signs its bytes.
struct ClientData {
  std::string type;       ///< "webauthn.create", "webauthn.get"
  std::string challenge;  ///< the bytes, not their base64url
  std::string origin;
  bool is_embedded = false;
};

/// Members that nobody knows are left alone: there may be some, says the standard.
Checked<ClientData> parse_client_data(std::string_view json);

}  // namespace flowsell::passkeys
