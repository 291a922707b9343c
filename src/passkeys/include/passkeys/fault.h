#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "core/error.h"

namespace flowsell::passkeys {

/// Why an authenticator's answer is refused. Each has one row in the table of fault.cc. Nothing
/// that a browser said is in it.
enum class Fault : std::uint8_t {
  kMalformed,          ///< client data, CBOR or authenticator data can't be read
  kWrongType,          ///< made for the other ceremony
  kWrongChallenge,     ///< not asked for, used, too old, or asked for elsewhere
  kWrongOrigin,        ///< a page of another address
  kEmbedded,           ///< a page inside another site's page
  kWrongRelyingParty,  ///< made for another site
  kUserNotPresent,
  kUserNotVerified,
  kBackupState,   ///< says what can't be, or what it did not say before
  kNoCredential,  ///< a registration without a credential
  kWrongId,       ///< the id is not the credential's
  kUnsupportedKey,
  kNotVerified,     ///< nobody's passkey made it
  kCounterWentBack  ///< the passkey may have been copied
};

struct FaultInfo {
  Fault id;
  std::string_view word;  ///< stable snake_case
  std::string_view detail;
};
const FaultInfo& fault_info(Fault fault) noexcept;

template <class T = void>
using Checked = std::expected<T, Fault>;

/// Of a registration: kInvalidRequest about "/credential", whose code is the fault's word.
Error refused_registration(Fault fault);
/// Of a sign-in: kInvalidPasskey.
Error refused_sign_in(Fault fault);

}  // namespace flowsell::passkeys
