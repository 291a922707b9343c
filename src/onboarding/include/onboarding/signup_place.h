#pragma once

#include <functional>
#include <optional>
#include <string>

#include "channel/account_calls.h"
#include "channel/adapter.h"
#include "channel/signup.h"
#include "identity/caller.h"

namespace flowsell::onboarding {

/// Where customers of one mode sign up: the provider's, or the simulator's.
struct SignupPlace {
  channel::ConnectApp app;
  std::string login_config;  ///< the sign-up as it is set up at the provider; empty: none
  std::string sdk_url;       ///< the provider's script
  std::string dialog_url;    ///< its page for consent
  std::string api_version;   ///< "v25.0": what the script is told
  /// Whose messages the page takes. Empty: Facebook's, by https.
  std::string message_origin;
};

struct SignupPlaces {
  const channel::Adapter* adapter = nullptr;
  std::optional<SignupPlace> test, live;    ///< nullopt: nobody signs up in that mode
  std::function<std::string()> public_url;  ///< what people's browsers call this server

  const SignupPlace* of(identity::Mode mode) const noexcept {
    const auto& place = mode == identity::Mode::kTest ? test : live;
    return place ? &*place : nullptr;
  }
  /// Where browsers come back to from the provider's dialog: registered there, letter by letter.
  std::string redirect_uri() const { return public_url() + "/connect/oauth/callback"; }
};

}  // namespace flowsell::onboarding
