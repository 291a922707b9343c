#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/error.h"

namespace flowsell::oidc {

/// Why a sign-in ended. Each has one row in the table of fault.cc: a stable word for callers and
/// logs, our ErrorCode, a sentence and what to do. Nothing that a provider or a browser said is in
/// it.
enum class Fault : std::uint8_t {
  // Before anything is sent
  kProviderMisconfigured,  ///< issuer, client id or secret can't be used as they stand
  kAddressRefused,         ///< by the egress guard
  // The exchange with the provider
  kUnreachable,
  kTimeout,
  kUnavailable,    ///< it broke off, or answered 429 or 5xx
  kBusy,           ///< too many providers' documents are being fetched at once
  kAnswerInvalid,  ///< a redirect, too long, not JSON, without what it must hold
  kDiscoveryInvalid,
  kDiscoveryIssuer,    ///< the document is another issuer's
  kNoCommonAlgorithm,  ///< the provider signs with nothing that we accept
  // The callback
  kCallbackInvalid,
  kAttemptMismatch,  ///< the attempt was begun with another provider
  kAttemptExpired,
  kStateMismatch,
  kCallbackIssuer,        ///< RFC 9207: mix-up
  kAccessDenied,          ///< by the user or the provider's policy
  kInteractionRequired,   ///< prompt=none, and the provider has to ask the user
  kAuthorizationRefused,  ///< any other refusal: the client's registration is wrong, most likely
  // The token endpoint
  kCodeRefused,    ///< used, expired, or of another client
  kClientRefused,  ///< client id or secret
  kTokenRequestRefused,
  // The ID token
  kTokenMalformed,
  kTokenAlgorithm,
  kTokenUnknownKey,
  kTokenSignature,
  kTokenIssuer,
  kTokenTenant,
  kTokenAudience,
  kTokenExpired,
  kTokenNotYetValid,
  kTokenNonce,
  kTokenAccessHash,
  // Behind it
  kUserinfoSubject,
  kLogoutUnsupported,
};

struct FaultInfo {
  Fault id;
  std::string_view word;  ///< stable snake_case, e.g. "id_token_expired"
  ErrorCode code;
  std::string_view detail;
  std::string_view fix;
};
const FaultInfo& fault_info(Fault fault) noexcept;

/// The error of a fault: its word is `provider->reason`, where `provider->provider` is "oidc".
/// `which` says more in words of ours ("jwks_uri"), never in the provider's.
std::unexpected<Error> fail(Fault fault, std::string_view which = {});

/// The fault of an error that this room made; nullopt of any other.
std::optional<Fault> fault_of(const Error& error) noexcept;

}  // namespace flowsell::oidc
