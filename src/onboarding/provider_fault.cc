#include "provider_fault.h"

namespace flowsell::onboarding {

using channel::SignupFault;

Failure failure_of(SignupFault fault) noexcept {
  switch (fault) {
    case SignupFault::kOther:
      return Failure::kProviderRefused;
    case SignupFault::kCodeExpired:
      return Failure::kCodeExpired;
    case SignupFault::kCodeUsed:
      return Failure::kCodeUsed;
    case SignupFault::kCodeRefused:
      return Failure::kCodeRefused;
    case SignupFault::kAppRefused:
      return Failure::kSetupFault;
    case SignupFault::kTokenRefused:
      return Failure::kTokenRefused;
    case SignupFault::kAccessMissing:
      return Failure::kAccessMissing;
    case SignupFault::kPinWrong:
      return Failure::kPinWrong;
    case SignupFault::kPinTooSoon:
      return Failure::kPinTooSoon;
    case SignupFault::kPinBlocked:
      return Failure::kPinBlocked;
    case SignupFault::kNumberElsewhere:
      return Failure::kNumberElsewhere;
    case SignupFault::kNumberUnverified:
      return Failure::kNumberUnverified;
    case SignupFault::kRegistrationLimit:
      return Failure::kRegistrationLimit;
    case SignupFault::kBusy:
      return Failure::kProviderBusy;
  }
  return Failure::kProviderRefused;
}

}  // namespace flowsell::onboarding
