#include "browser.h"

#include <optional>
#include <utility>

#include "core/encoding.h"

namespace flowsell::api {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool changes_nothing(http::Method method) {
  return method == http::Method::kGet || method == http::Method::kHead ||
         method == http::Method::kOptions;
}

/// "https://host:port" without what stands before the host.
std::string_view host_of(std::string_view origin) {
  const auto at = origin.find("://");
  return at == std::string_view::npos ? std::string_view() : origin.substr(at + 3);
}

void put_cookie(http::Response& response, std::string_view name, std::string_view value,
                std::chrono::seconds life) {
  std::string text(name);
  text.append("=").append(value).append("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=");
  text += std::to_string(life.count());
  response.headers.push_back({"Set-Cookie", std::move(text)});
}

}  // namespace

Result<Secret> cookie(const http::Request& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& field : request.fields) {
    if (!equals_ignoring_case(field.name, "Cookie")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const std::string_view pair = trimmed(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      if (found) return fail(ErrorCode::kInvalidSession, "the request has two cookies of one name");
      found = pair.substr(equals + 1);
    }
  }
  return Secret(std::string(found.value_or("")));
}

void set_cookie(http::Response& response, std::string_view name, const Secret& value,
                std::chrono::seconds life) {
  put_cookie(response, name, value.reveal(), life);
}

void renew_session_cookie(http::Response& response, const Secret& token,
                          const accounts::Session& session, Time now) {
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(session.expires_at - now);
  set_cookie(response, kSessionCookie, token, left);
}

void clear_cookie(http::Response& response, std::string_view name) {
  put_cookie(response, name, "", std::chrono::seconds(0));
}

http::Response redirect_to(std::string location) {
  http::Response response;
  response.status = 303;
  response.headers.push_back({"Location", std::move(location)});
  return response;
}

Result<> check_same_site(const http::Request& request) {
  // The replica that passed it on has asked; here its Host is another one.
  if (changes_nothing(request.method) || request.is_proven) return {};
  const auto site = request.header("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none")
    return fail(ErrorCode::kCrossSiteRequest, "the browser says that another site sends this");
  const auto origin = request.header("Origin");
  if (!origin.empty() && host_of(origin) != request.header("Host"))
    return fail(ErrorCode::kCrossSiteRequest, "the Origin is not this server");
  return {};
}

}  // namespace flowsell::api
