#include "passkeys/fault.h"

#include <array>
#include <cstddef>
#include <string>

namespace flowsell::passkeys {
namespace {

using enum Fault;

constexpr std::array kTable = {
    FaultInfo{kMalformed, "malformed", "the authenticator's answer can't be read"},
    FaultInfo{kWrongType, "wrong_type", "the answer was made for something else"},
    FaultInfo{kWrongChallenge, "wrong_challenge",
              "the challenge was not asked for here, was used, or is too old"},
    FaultInfo{kWrongOrigin, "wrong_origin", "a page of another address asked for the answer"},
    FaultInfo{kEmbedded, "embedded", "a page inside another site's page asked for the answer"},
    FaultInfo{kWrongRelyingParty, "wrong_relying_party", "the answer was made for another site"},
    FaultInfo{kUserNotPresent, "user_not_present", "the authenticator asked nobody"},
    FaultInfo{kUserNotVerified, "user_not_verified",
              "the authenticator has not verified who uses it: by PIN, finger or face"},
    FaultInfo{kBackupState, "backup_state",
              "the authenticator contradicts itself on copies of the passkey"},
    FaultInfo{kNoCredential, "no_credential", "the answer holds no new credential"},
    FaultInfo{kWrongId, "wrong_id", "the id is not that of the credential"},
    FaultInfo{kUnsupportedKey, "unsupported_key",
              "the key is of no kind that was asked for: ES256, EdDSA, RS256"},
    FaultInfo{kNotVerified, "not_verified", "no passkey that is known here made the answer"},
    FaultInfo{kCounterWentBack, "counter_went_back",
              "the passkey has counted backwards: it may have been copied"},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].id) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

}  // namespace

const FaultInfo& fault_info(Fault fault) noexcept {
  return kTable[static_cast<std::size_t>(fault)];
}

Error refused_registration(Fault fault) {
  const FaultInfo& info = fault_info(fault);
  return fail_field("/credential", std::string(info.word), std::string(info.detail),
                    "Begin again with POST /v1/user/passkeys/options.")
      .error();
}

Error refused_sign_in(Fault fault) {
  return {ErrorCode::kInvalidPasskey, std::string(fault_info(fault).detail)};
}

}  // namespace flowsell::passkeys
