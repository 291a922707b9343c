#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "accounts/user.h"
#include "core/error.h"
#include "core/sensitive.h"
#include "core/time.h"
#include "http/message.h"

namespace flowsell::api {

/// Of a browser that has signed in. The prefix binds both to this host over TLS (RFC 6265bis,
/// 4.1.3.2): no other host of the domain can set them.
inline constexpr std::string_view kSessionCookie = "__Host-connect_session";
inline constexpr std::string_view kDeviceCookie = "__Host-connect_device";
inline constexpr std::chrono::seconds kDeviceLife{180 * 24 * 3600};
/// Of a browser that is about to come back from an identity provider.
inline constexpr std::string_view kSsoCookie = "__Host-connect_sso";
/// Of one that has been asked for a passkey.
inline constexpr std::string_view kPasskeyCookie = "__Host-connect_passkey";

/// Its value; empty where there is none. Fails with kInvalidSession where the request has two of
/// that name: which is meant can't be told, and one may be a stranger's.
Result<Secret> cookie(const http::Request& request, std::string_view name);

void set_cookie(http::Response& response, std::string_view name, const Secret& value,
                std::chrono::seconds life);
/// Of a session that goes on under another token.
void renew_session_cookie(http::Response& response, const Secret& token,
                          const accounts::Session& session, Time now);
void clear_cookie(http::Response& response, std::string_view name);

/// 303: it goes on there, by a GET.
http::Response redirect_to(std::string location);

/// For what changes something and goes by cookies: fails with kCrossSiteRequest when a browser says
/// that another site's page sends it (Sec-Fetch-Site, or an Origin that is not ours). Programs that
/// are no browsers send neither, and no page can make them send cookies.
Result<> check_same_site(const http::Request& request);

}  // namespace flowsell::api
