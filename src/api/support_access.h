#pragma once

#include <string_view>

#include "http/message.h"
#include "identity/caller.h"
#include "team/support_sessions.h"

namespace flowsell::api {

/// Whether an operator's support session may make a call at all: an allow list, so that a route
/// that comes is closed until somebody has thought about it. The caller's scopes decide besides.
bool is_open_to_support(http::Method method, std::string_view pattern) noexcept;

/// What a session may do in such a call, as far as the operator's role allows it still.
identity::Scopes scopes_of_support(const team::SupportSession& session, http::Method method,
                                   identity::Scopes readable, identity::Scopes writable);

/// What its record calls such a call.
std::string_view support_act(http::Method method) noexcept;

}  // namespace flowsell::api
