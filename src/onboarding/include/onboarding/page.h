#pragma once

#include <string>
#include <string_view>

#include "onboarding/account_steps.h"
#include "onboarding/session.h"
#include "onboarding/signup_place.h"

namespace flowsell::onboarding {

/// A page, and what its browser may load for it (Content-Security-Policy).
struct HostedPage {
  std::string html, policy;
};

/// What somebody with a link sees. `base`: the page's own path; `page_token`: proves that a call
/// comes from it.
HostedPage connect_page(const Session& session, const SignupPlace& place,
                        std::string_view workspace_name, std::string_view base,
                        std::string_view page_token);
/// A page that only says something.
HostedPage message_page(std::string_view title, std::string_view words, std::string_view fix);

/// How far the session is, as JSON for the page: no secret, nothing that the customer may not know.
std::string page_status(const Session& session, const AccountShown& account, Time now);

}  // namespace flowsell::onboarding
