#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "passkeys/fault.h"
#include "passkeys/relying_party.h"

// The protocol (WebAuthn Level 3, sections 7.1 and 7.2): values in, values out. Every thread may
// call it. That a challenge is one of ours, and was not used, is its caller's to find out.

namespace flowsell::passkeys {

/// What a browser sends of a new passkey: bytes, not base64url.
struct RegistrationAnswer {
  std::string id;
  std::string client_data;
  std::string attestation_object;
  std::vector<std::string> transports;  ///< how the browser reaches it; hints
};

/// A credential that was proven to be there.
struct NewCredential {
  std::string id;
  std::string public_key;  ///< COSE_Key
  std::uint32_t sign_count = 0;
  bool backup_eligible = false;
  bool backed_up = false;
};

/// What a browser sends to sign in.
struct AssertionAnswer {
  std::string id;
  std::string client_data;
  std::string authenticator_data;
  std::string signature;
  std::string user_handle;
};

/// What an authenticator says when it signs.
struct Assertion {
  std::uint32_t sign_count = 0;
  bool backup_eligible = false;
  bool backed_up = false;
};

/// The challenge that a page asked with. Fails with kMalformed.
Checked<std::string> challenge_of(std::string_view client_data);

/// All that can be told of a new passkey by itself: made here, for us, by somebody whom the
/// authenticator has verified, with a key of a kind that we asked for.
Checked<NewCredential> check_registration(const RelyingParty& party,
                                          const RegistrationAnswer& answer);

/// The same of a sign-in, but whose passkey it is.
Checked<Assertion> check_assertion(const RelyingParty& party, const AssertionAnswer& answer);
/// That the passkey with that key has signed it. Fails with kNotVerified, and kBackupState: whether
/// a passkey may be copied is settled when it is made.
Checked<> check_signature(const AssertionAnswer& answer, const Assertion& assertion,
                          std::string_view public_key, bool was_backup_eligible);

}  // namespace flowsell::passkeys
