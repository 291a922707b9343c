#include "smtp_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace flowsell::mail {
namespace {

constexpr std::uint16_t kSubmissionPort = 587;
constexpr std::uint16_t kSubmissionsPort = 465;

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.';
}
bool is_ipv6_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
         c == '.';
}

std::unexpected<Error> wrong_form() {
  // The text is not repeated: it may hold a password.
  return fail(ErrorCode::kInvalidRequest,
              "expected smtp://host, smtp://host:port, smtps://host or smtps://host:port, without "
              "user and path");
}

}  // namespace

Result<SmtpUrl> SmtpUrl::parse(std::string_view text) {
  SmtpUrl url;
  url.is_tls = text.starts_with("smtps://");
  if (!take(text, url.is_tls ? "smtps://" : "smtp://")) return wrong_form();
  const bool is_ipv6 = take(text, "[");
  const auto end = is_ipv6 ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return wrong_form();
  url.host = text.substr(0, end);
  if (url.host.empty() || !std::ranges::all_of(url.host, is_ipv6 ? is_ipv6_char : is_name_char))
    return wrong_form();
  text.remove_prefix(is_ipv6 ? end + 1 : end);
  if (text.empty()) {
    url.port = url.is_tls ? kSubmissionsPort : kSubmissionPort;
    return url;
  }
  if (!take(text, ":")) return wrong_form();
  const char* const last = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), last, url.port);
  if (error != std::errc{} || stop != last || url.port == 0) return wrong_form();
  return url;
}

bool SmtpUrl::is_loopback() const {
  constexpr std::string_view kDigits = "0123456789.";
  const bool is_ipv4 = std::ranges::all_of(host, [=](char c) { return kDigits.contains(c); });
  return host == "localhost" || host == "::1" || (is_ipv4 && host.starts_with("127."));
}

std::string SmtpUrl::str() const {
  const bool is_ipv6 = host.contains(':');
  return fmt::format("{}://{}{}{}:{}", is_tls ? "smtps" : "smtp", is_ipv6 ? "[" : "", host,
                     is_ipv6 ? "]" : "", port);
}

}  // namespace flowsell::mail
