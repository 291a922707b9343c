#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/sensitive.h"

namespace flowsell::onboarding {

/// What a browser brings back from the provider's dialog.
struct OauthAnswer {
  std::string state;
  Secret code;
  bool is_denied = false;  ///< it says that there is none
};
/// Fails with kInvalidToken: too long, broken, or a parameter twice.
Result<OauthAnswer> read_oauth_query(std::string_view query);

}  // namespace flowsell::onboarding
