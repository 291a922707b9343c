#pragma once

#include "call.h"

namespace flowsell::api {

/// The session's cookie, and that of the browser.
void set_signed_in_cookies(http::Response& response, const Visit& visit,
                           const accounts::Accounts::SignedIn& in);

/// What who has just signed in gets: the session, and its cookies.
http::Response signed_in_response(const Visit& visit, const accounts::Accounts::SignedIn& in);

}  // namespace flowsell::api
