#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace flowsell::onboarding {

/// Why somebody's account is not connected, in the terms that he can act on. Each has one row in
/// failure.cc; docs/whatsapp/onboarding-links.md has them all.
enum class Failure : std::uint8_t {
  kCancelled,
  kDenied,
  kSignupError,
  kCodeExpired,
  kCodeUsed,
  kCodeRefused,
  kStateMismatch,
  kSetupFault,
  kAccessMissing,
  kAccountNotFound,
  kSeveralAccounts,
  kAccountTaken,
  kNumberMissing,
  kCoexistenceRefused,
  kTermsMissing,
  kPinNeeded,
  kPinWrong,
  kPinTooSoon,
  kPinBlocked,
  kNumberElsewhere,
  kNumberUnverified,
  kRegistrationLimit,
  kTokenRefused,
  kProviderBusy,
  kProviderRefused,
  kProviderUnreachable,
  kProviderTimeout,
  kInternal,
};

/// What leads on from there.
enum class Next : std::uint8_t {
  kSignUp,   ///< from the beginning: consent is asked for again
  kConnect,  ///< the same steps once more, with the consent that is there
  kPin,      ///< the same, with a PIN
  kNothing,  ///< there is no failure
};
std::string_view next_name(Next next) noexcept;

/// Words for who owns a business, not for programmers.
struct FailureInfo {
  Failure id;
  std::string_view code;  ///< stable, promised to callers
  std::string_view title;
  std::string_view words;  ///< what happened
  std::string_view fix;    ///< what to do
  Next next;
};
const FailureInfo& failure_info(Failure failure) noexcept;
std::optional<Failure> failure_named(std::string_view code) noexcept;
std::span<const FailureInfo> all_failures() noexcept;

}  // namespace flowsell::onboarding
