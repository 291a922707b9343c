#pragma once

#include "call.h"

namespace flowsell::api {

/// What who has just signed in gets: the session, and its cookies.
http::Response signed_in_response(const Visit& visit, const accounts::Accounts::SignedIn& in);

}  // namespace flowsell::api
