#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "passkeys/fault.h"

namespace flowsell::passkeys {

/// The most bytes that an id may have (WebAuthn Level 3, section 7.1, step 25).
inline constexpr std::size_t kCredentialIdBytesMax = 1023;

/// What an authenticator says (WebAuthn Level 3, section 6.1). Views into the bytes.
struct AuthenticatorData {
  std::string_view rp_id_hash;  ///< SHA-256
  bool user_present = false;
  bool user_verified = false;
  bool backup_eligible = false;  ///< the passkey may be copied to other devices
  bool backed_up = false;        ///< and is
  std::uint32_t sign_count = 0;
  /// Of a registration.
  struct Credential {
    std::string_view id;
    std::string_view public_key;  ///< COSE_Key
  };
  std::optional<Credential> credential;
};

/// To its last byte.
Checked<AuthenticatorData> parse_authenticator_data(std::string_view bytes);

/// The authenticator data in an attestation object (section 6.5.4). Statements of attestation are
/// read over: none is asked for, and nothing here goes by them.
Checked<std::string_view> parse_attestation_object(std::string_view cbor);

}  // namespace flowsell::passkeys
