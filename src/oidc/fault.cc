#include "oidc/fault.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace flowsell::oidc {
namespace {

using enum Fault;
using enum ErrorCode;

constexpr std::string_view kProvider = "oidc";

constexpr std::string_view kAgain = "Begin the sign-in again.";
constexpr std::string_view kLater = "Try again later.";
constexpr std::string_view kSettings = "Check the provider's settings.";
constexpr std::string_view kReport = "Report it to whoever runs the identity provider.";

constexpr std::array kTable = {
    FaultInfo{kProviderMisconfigured, "provider_misconfigured", kInvalidRequest,
              "the identity provider's settings can't be used",
              "The issuer must be the provider's https URL exactly as its discovery document names "
              "it; client id and, unless there is none, client secret must be set."},
    FaultInfo{kAddressRefused, "provider_address_refused", kInvalidRequest,
              "the identity provider's address is not one that the server connects to",
              "Use a provider on the public internet, or ask the operator to allow its address."},
    FaultInfo{kUnreachable, "provider_unreachable", kProviderUnreachable,
              "the identity provider can't be reached", kLater},
    FaultInfo{kTimeout, "provider_timeout", kProviderTimeout,
              "the identity provider did not answer in time", kAgain},
    FaultInfo{kUnavailable, "provider_unavailable", kProviderUnreachable,
              "the identity provider can't serve the request now", kLater},
    FaultInfo{kBusy, "too_many_providers", kOverloaded,
              "too many identity providers are being asked at once", kLater},
    FaultInfo{kAnswerInvalid, "provider_answer_invalid", kProviderRejected,
              "the identity provider's answer is not what the protocol asks for", kReport},
    FaultInfo{kDiscoveryInvalid, "discovery_invalid", kProviderRejected,
              "the identity provider's discovery document can't be used", kReport},
    FaultInfo{kDiscoveryIssuer, "discovery_issuer_mismatch", kProviderRejected,
              "the discovery document names another issuer",
              "Set the issuer exactly as the document names it, its last slash included."},
    FaultInfo{kNoCommonAlgorithm, "no_common_algorithm", kProviderRejected,
              "the identity provider signs with no algorithm that is accepted here",
              "Have it sign ID tokens with RS256, PS256, ES256 or EdDSA."},
    FaultInfo{kCallbackInvalid, "callback_invalid", kInvalidRequest,
              "the answer that came through the browser is malformed", kAgain},
    FaultInfo{kAttemptMismatch, "attempt_mismatch", kInvalidRequest,
              "the sign-in was begun with another provider", kAgain},
    FaultInfo{kAttemptExpired, "attempt_expired", kInvalidRequest,
              "the sign-in was begun too long ago", kAgain},
    FaultInfo{kStateMismatch, "state_mismatch", kInvalidRequest,
              "the answer does not belong to this browser's sign-in", kAgain},
    FaultInfo{kCallbackIssuer, "callback_issuer_mismatch", kInvalidRequest,
              "the answer does not name the provider that the sign-in was begun with", kAgain},
    FaultInfo{kAccessDenied, "access_denied", kProviderRejected,
              "the user or the identity provider said no",
              "Begin again and consent, or ask the provider's administrator for access."},
    FaultInfo{kInteractionRequired, "interaction_required", kProviderRejected,
              "the identity provider has to ask the user first",
              "Begin again without prompt=none."},
    FaultInfo{kAuthorizationRefused, "authorization_refused", kProviderRejected,
              "the identity provider refused the authorization request", kSettings},
    FaultInfo{kCodeRefused, "code_refused", kProviderRejected,
              "the identity provider does not take the code: it was used or is too old", kAgain},
    FaultInfo{kClientRefused, "client_refused", kProviderRejected,
              "the identity provider does not accept the client's credentials",
              "Check client id, client secret and the way it is sent."},
    FaultInfo{kTokenRequestRefused, "token_request_refused", kProviderRejected,
              "the identity provider refused the token request", kSettings},
    FaultInfo{kTokenMalformed, "id_token_malformed", kProviderRejected,
              "the ID token is not one signed JWT with the required claims", kReport},
    FaultInfo{kTokenAlgorithm, "id_token_algorithm", kProviderRejected,
              "the ID token is signed with an algorithm that is not accepted", kReport},
    FaultInfo{kTokenUnknownKey, "id_token_unknown_key", kProviderRejected,
              "the ID token is signed by a key that the provider does not publish", kAgain},
    FaultInfo{kTokenSignature, "id_token_signature", kProviderRejected,
              "the ID token's signature is wrong", kReport},
    FaultInfo{kTokenIssuer, "id_token_issuer", kProviderRejected,
              "the ID token is another issuer's", kSettings},
    FaultInfo{kTokenTenant, "id_token_tenant", kProviderRejected,
              "the ID token's tenant, its issuer and its key don't belong together", kReport},
    FaultInfo{kTokenAudience, "id_token_audience", kProviderRejected,
              "the ID token was made for another client", kSettings},
    FaultInfo{kTokenExpired, "id_token_expired", kProviderRejected, "the ID token is too old",
              "Begin again; if it stays, check the clocks of both servers."},
    FaultInfo{kTokenNotYetValid, "id_token_not_yet_valid", kProviderRejected,
              "the ID token is of the future", "Check the clocks of both servers."},
    FaultInfo{kTokenNonce, "id_token_nonce", kProviderRejected,
              "the ID token was made for another sign-in", kAgain},
    FaultInfo{kTokenAccessHash, "id_token_access_token_hash", kProviderRejected,
              "the ID token and the access token don't belong together", kReport},
    FaultInfo{kUserinfoSubject, "userinfo_subject", kProviderRejected,
              "the identity provider told of another user than the ID token's", kReport},
    FaultInfo{kLogoutUnsupported, "logout_unsupported", kProviderRejected,
              "the identity provider has no page for signing out",
              "End the session here; the provider's own stays."},
};

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].id) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(kLogoutUnsupported) + 1;
}
static_assert(rows_are_in_order());

}  // namespace

const FaultInfo& fault_info(Fault fault) noexcept {
  return kTable[static_cast<std::size_t>(fault)];
}

std::unexpected<Error> fail(Fault fault, std::string_view which) {
  const FaultInfo& info = fault_info(fault);
  Error error{info.code, std::string(info.detail)};
  if (!which.empty()) error.detail.append(": ").append(which);
  ProviderError& provider = error.provider.emplace();
  provider.provider = kProvider;
  provider.reason = info.word;
  provider.fix = info.fix;
  return std::unexpected(std::move(error));
}

std::optional<Fault> fault_of(const Error& error) noexcept {
  if (!error.provider || error.provider->provider != kProvider) return std::nullopt;
  const auto* const found = std::ranges::find(kTable, error.provider->reason, &FaultInfo::word);
  return found == kTable.end() ? std::nullopt : std::optional(found->id);
}

}  // namespace flowsell::oidc
