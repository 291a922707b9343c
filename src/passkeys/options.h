#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "accounts/user.h"
#include "passkeys/passkey.h"
#include "passkeys/relying_party.h"

namespace flowsell::passkeys {

/// What is asked of a browser, as JSON of WebAuthn Level 3, section 5.1.8 and 5.1.9: what
/// PublicKeyCredential.parseCreationOptionsFromJSON() takes.
std::string creation_options(const RelyingParty& party, const accounts::User& user,
                             std::string_view challenge, std::span<const Passkey> has_already,
                             std::chrono::milliseconds timeout);
/// The same of parseRequestOptionsFromJSON(). For whichever passkey the person chooses.
std::string request_options(const RelyingParty& party, std::string_view challenge,
                            std::chrono::milliseconds timeout);

/// What an authenticator calls a user: opaque, and the same in all his passkeys.
std::string_view user_handle_of(const UserId& user);

}  // namespace flowsell::passkeys
