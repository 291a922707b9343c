#include "passkeys/ceremony.h"

#include "authenticator_data.h"
#include "client_data.h"
#include "core/encoding.h"
#include "cose_key.h"
#include "crypto/hash.h"

namespace flowsell::passkeys {
namespace {

Checked<> check_client_data(const RelyingParty& party, std::string_view json,
                            std::string_view type) {
  TRY(const ClientData data, parse_client_data(json));
  if (data.type != type) return std::unexpected(Fault::kWrongType);
  if (data.origin != party.origin) return std::unexpected(Fault::kWrongOrigin);
  if (data.is_embedded) return std::unexpected(Fault::kEmbedded);
  return {};
}

/// Views into `bytes`.
Checked<AuthenticatorData> check_data(const RelyingParty& party, std::string_view bytes) {
  TRY(const AuthenticatorData data, parse_authenticator_data(bytes));
  if (data.rp_id_hash != as_text(crypto::sha256(party.id)))
    return std::unexpected(Fault::kWrongRelyingParty);
  if (!data.user_present) return std::unexpected(Fault::kUserNotPresent);
  if (!data.user_verified) return std::unexpected(Fault::kUserNotVerified);
  if (data.backed_up && !data.backup_eligible) return std::unexpected(Fault::kBackupState);
  return data;
}

}  // namespace

Checked<std::string> challenge_of(std::string_view client_data) {
  TRY(ClientData data, parse_client_data(client_data));
  return std::move(data.challenge);
}

Checked<NewCredential> check_registration(const RelyingParty& party,
                                          const RegistrationAnswer& answer) {
  CHECK_OK(check_client_data(party, answer.client_data, "webauthn.create"));
  TRY(const auto bytes, parse_attestation_object(answer.attestation_object));
  TRY(const AuthenticatorData data, check_data(party, bytes));
  if (!data.credential) return std::unexpected(Fault::kNoCredential);
  if (data.credential->id != answer.id) return std::unexpected(Fault::kWrongId);
  TRY([[maybe_unused]] const CoseKey key, CoseKey::parse(data.credential->public_key));
  return NewCredential{std::string(data.credential->id), std::string(data.credential->public_key),
                       data.sign_count, data.backup_eligible, data.backed_up};
}

Checked<Assertion> check_assertion(const RelyingParty& party, const AssertionAnswer& answer) {
  CHECK_OK(check_client_data(party, answer.client_data, "webauthn.get"));
  TRY(const AuthenticatorData data, check_data(party, answer.authenticator_data));
  return Assertion{data.sign_count, data.backup_eligible, data.backed_up};
}

Checked<> check_signature(const AssertionAnswer& answer, const Assertion& assertion,
                          std::string_view public_key, bool was_backup_eligible) {
  TRY(const CoseKey key, CoseKey::parse(public_key));
  const std::string signed_text =
      answer.authenticator_data + std::string(as_text(crypto::sha256(answer.client_data)));
  if (!key.verifies(signed_text, answer.signature)) return std::unexpected(Fault::kNotVerified);
  // Only of who has signed: else anybody could ask what is known of a passkey.
  if (assertion.backup_eligible != was_backup_eligible) return std::unexpected(Fault::kBackupState);
  return {};
}

}  // namespace flowsell::passkeys
