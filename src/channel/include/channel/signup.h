#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::channel {

/// What the provider's page tells the page that opened it. All of it came through a browser: it is
/// a hint, and no proof.
struct SignupMessage {
  enum class Kind : std::uint8_t { kFinished, kCancelled, kFailed };
  Kind kind = Kind::kFinished;
  std::string account;     ///< the provider's id of it; empty: not told
  std::string address;     ///< the same of a sender
  bool has_sender = true;  ///< false: an account without one was all that was wanted
  bool coexists = false;   ///< the number stays on its phone's app too
  std::string step;        ///< where it was left
  std::string error_code;  ///< the provider's own
};

/// What went wrong while a customer signed up or his account was connected, as far as he can do
/// something about it.
enum class SignupFault : std::uint8_t {
  kOther,
  kCodeExpired,
  kCodeUsed,
  kCodeRefused,
  kAppRefused,  ///< our own set-up at the provider is wrong
  kTokenRefused,
  kAccessMissing,
  kPinWrong,
  kPinTooSoon,
  kPinBlocked,
  kNumberElsewhere,
  kNumberUnverified,
  kRegistrationLimit,
  kBusy,
};

/// How customers let us into their accounts at a provider: values in, values out.
class SignupCalls {
 public:
  virtual ~SignupCalls() = default;

  /// Where a browser goes to be asked for consent, and comes back from.
  struct Dialog {
    std::string_view page;  ///< the address of the page that asks
    std::string_view app_id;
    std::string_view config;  ///< what is asked for, as it is set up there; empty: our own list
    std::string_view redirect_uri, state;
  };
  virtual std::string dialog_url(const Dialog& dialog) const = 0;
  /// nullopt: it says nothing of a sign-up.
  virtual std::optional<SignupMessage> read_message(std::string_view text) const = 0;
  virtual SignupFault fault_of(const ProviderError& error) const noexcept = 0;
};

}  // namespace flowsell::channel
