#pragma once

#include "json/reader.h"
#include "passkeys/ceremony.h"

namespace flowsell::api {

/// What PublicKeyCredential.toJSON() gives of a new passkey, in the field "credential". What
/// browsers add is left alone.
passkeys::RegistrationAnswer registration_in(json::ObjectReader& in);
/// The same of one that signs in, in the field "passkey".
passkeys::AssertionAnswer assertion_in(json::ObjectReader& in);

}  // namespace flowsell::api
