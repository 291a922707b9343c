#include "onboarding/failure.h"

#include <algorithm>
#include <array>

namespace flowsell::onboarding {
namespace {

using enum Failure;

constexpr std::array kTable = {
    FailureInfo{kCancelled, "cancelled", "You stopped before the end",
                "Meta's window was closed before everything was confirmed. Nothing was connected "
                "and nothing was changed.",
                "Press Connect again and go through all of Meta's steps.", Next::kSignUp},
    FailureInfo{kDenied, "denied", "You did not give permission",
                "On Meta's page the permission was declined, so we have no access to your WhatsApp "
                "Business account.",
                "Press Connect again and choose Continue on Meta's page.", Next::kSignUp},
    FailureInfo{kSignupError, "signup_error", "Meta could not finish the sign-up",
                "Meta's window reported an error of its own. Your account was not connected.",
                "Wait a few minutes and press Connect again. If it happens again, check in Meta "
                "Business Manager that your business and your number are in good standing.",
                Next::kSignUp},
    FailureInfo{kCodeExpired, "code_expired", "It took too long",
                "Meta's permission is good for 30 seconds, and it reached us later than that. This "
                "happens with a slow connection or a computer that was asleep.",
                "Press Connect again; most of your answers are kept by Meta.", Next::kSignUp},
    FailureInfo{kCodeUsed, "code_used", "This permission was used already",
                "Meta's permission works once, and this one was used before, perhaps in another "
                "tab.",
                "Close other tabs of this page and press Connect again.", Next::kSignUp},
    FailureInfo{kCodeRefused, "code_refused", "Meta did not accept the permission",
                "Meta gave your browser a permission and then refused it when we used it.",
                "Press Connect again. If it stays, tell who sent you this link.", Next::kSignUp},
    FailureInfo{kStateMismatch, "state_mismatch", "This page did not start that sign-in",
                "You came back from Meta in another browser than the one you started in, or the "
                "sign-in was started twice.",
                "Open the link again in one browser and press Connect.", Next::kSignUp},
    FailureInfo{kSetupFault, "setup_fault", "The service is not set up correctly at Meta",
                "Meta does not accept this service's own settings. You did nothing wrong, and you "
                "can't correct it.",
                "Tell who sent you this link: the Meta app's id, secret, and redirect address must "
                "be checked.",
                Next::kSignUp},
    FailureInfo{kAccessMissing, "access_missing", "Permission for WhatsApp is missing",
                "You signed in, but the permission to manage your WhatsApp Business account was "
                "left out.",
                "Press Connect again and leave every permission switched on. You need full control "
                "of the business in Meta Business Manager.",
                Next::kSignUp},
    FailureInfo{kAccountNotFound, "account_not_found", "No WhatsApp Business account was shared",
                "You signed in, but no WhatsApp Business account was chosen.",
                "Press Connect again and choose your WhatsApp Business account, or create one.",
                Next::kSignUp},
    FailureInfo{kSeveralAccounts, "several_accounts", "More than one account was shared",
                "You shared several WhatsApp Business accounts, and one link connects one.",
                "Press Connect again and choose only the account that you want to connect.",
                Next::kSignUp},
    FailureInfo{kAccountTaken, "account_taken", "This account is connected already",
                "This WhatsApp Business account is already connected here, by you or by somebody "
                "else.",
                "Choose another account, or ask who sent you this link to disconnect the old one.",
                Next::kSignUp},
    FailureInfo{kNumberMissing, "number_missing", "The account has no phone number yet",
                "Your WhatsApp Business account was found, but it has no phone number, so nothing "
                "can be sent from it.",
                "Press Connect again and add a phone number in Meta's window.", Next::kSignUp},
    FailureInfo{kCoexistenceRefused, "coexistence_refused",
                "A number on the WhatsApp Business app can't be used here",
                "You chose a number that stays on the WhatsApp Business app of a phone. This link "
                "takes only numbers that are used by this service alone.",
                "Press Connect again and choose a new number, or ask who sent you this link for "
                "one that allows it.",
                Next::kSignUp},
    FailureInfo{kTermsMissing, "terms_missing", "WhatsApp's policies are not accepted here yet",
                "Who sent you this link has yet to accept WhatsApp's business policies in this "
                "service. You did nothing wrong.",
                "Ask for that, and press Try again when it is done.", Next::kConnect},
    FailureInfo{kPinNeeded, "pin_needed", "Choose a PIN for your number",
                "WhatsApp protects your number by a PIN of 6 digits. It is asked for when the "
                "number is moved to another service.",
                "Choose 6 digits and keep them. If your number has a PIN already, enter that one.",
                Next::kPin},
    FailureInfo{kPinWrong, "pin_wrong", "The PIN is wrong",
                "WhatsApp did not accept this PIN for your number.",
                "Enter the 6-digit PIN of two-step verification. If you don't know it, change it "
                "in WhatsApp Manager under Phone numbers, Settings, Two-step verification.",
                Next::kPin},
    FailureInfo{kPinTooSoon, "pin_too_soon", "Too fast",
                "WhatsApp wants a pause between two attempts at the PIN.",
                "Wait a minute and enter the PIN again.", Next::kPin},
    FailureInfo{kPinBlocked, "pin_blocked", "The PIN was tried too often",
                "WhatsApp has locked the PIN of this number because a wrong one was entered too "
                "often.",
                "Wait a day, or set a new PIN in WhatsApp Manager; then open this link again.",
                Next::kPin},
    FailureInfo{kNumberElsewhere, "number_elsewhere", "The number is used with another provider",
                "This phone number is still registered with another service provider, so it can't "
                "be registered here.",
                "Ask that provider to release the number, or remove it in WhatsApp Manager; then "
                "press Try again. You can also press Connect and choose another number.",
                Next::kConnect},
    FailureInfo{kNumberUnverified, "number_unverified", "The number is not verified",
                "WhatsApp has not confirmed that this phone number is yours.",
                "Press Connect again and enter the code that you get by text message or call.",
                Next::kSignUp},
    FailureInfo{kRegistrationLimit, "registration_limit", "The number was registered too often",
                "WhatsApp allows ten registrations of a number in 72 hours, and they are used up.",
                "Wait 72 hours and press Try again.", Next::kConnect},
    FailureInfo{kTokenRefused, "token_refused", "Meta has withdrawn the permission",
                "The permission that you gave is not valid any more.",
                "Press Connect again to give a new one.", Next::kSignUp},
    FailureInfo{kProviderBusy, "provider_busy", "Meta takes no more requests just now",
                "Meta limits how much may be asked about an account in an hour.",
                "Wait an hour and press Try again.", Next::kConnect},
    FailureInfo{
        kProviderRefused, "provider_refused", "Meta refused a step",
        "Meta answered one of the steps with an error.",
        "Press Try again. If it stays, tell who sent you this link, with the numbers below.",
        Next::kConnect},
    FailureInfo{kProviderUnreachable, "provider_unreachable", "Meta can't be reached",
                "Our server could not reach Meta, or Meta is out of order.",
                "Wait a few minutes and press Try again.", Next::kConnect},
    FailureInfo{kProviderTimeout, "provider_timeout", "Meta did not answer in time",
                "Meta did not answer one of the steps. It may have been done all the same.",
                "Press Try again: what is done already is not done twice.", Next::kConnect},
    FailureInfo{kInternal, "internal_error", "Something went wrong on our side",
                "This is our fault and not yours.",
                "Wait a few minutes and press Try again. If it stays, tell who sent you this link.",
                Next::kConnect},
};

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].id) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(kInternal) + 1;
}
static_assert(rows_are_in_order());

}  // namespace

const FailureInfo& failure_info(Failure failure) noexcept {
  return kTable[static_cast<std::size_t>(failure)];
}

std::optional<Failure> failure_named(std::string_view code) noexcept {
  const auto found = std::ranges::find(kTable, code, &FailureInfo::code);
  return found == kTable.end() ? std::nullopt : std::optional(found->id);
}

std::span<const FailureInfo> all_failures() noexcept { return kTable; }

std::string_view next_name(Next next) noexcept {
  switch (next) {
    case Next::kSignUp:
      return "sign_up";
    case Next::kConnect:
      return "connect";
    case Next::kPin:
      return "pin";
    case Next::kNothing:
      return "nothing";
  }
  return "";
}

}  // namespace flowsell::onboarding
