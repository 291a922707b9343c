#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::passkeys {

/// A credential of a user's: his device has the private key, we have the public one.
struct Passkey {
  PasskeyId id;
  UserId user;
  std::string name;           ///< his own
  std::string credential_id;  ///< the authenticator's; bytes
  std::string public_key;     ///< COSE_Key
  std::int64_t sign_count = 0;
  bool backup_eligible = false;
  bool backed_up = false;  ///< other devices of his may have it too
  std::string transports;  ///< how browsers reach it, with a comma between; hints
  Time created_at{};
  std::optional<Time> used_at;
};

}  // namespace flowsell::passkeys
