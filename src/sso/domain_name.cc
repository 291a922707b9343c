#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "mail/address.h"
#include "sso/domains.h"

namespace flowsell::sso {
namespace {

constexpr std::string_view kRecordLabel = "_connect-challenge.";
constexpr std::string_view kRecordPrefix = "connect-domain-verification=";

// Where everybody may have an address: nobody's proof would mean anything. Sorted. Providers with
// many millions of private users; others are no danger, since a record in their zone is needed all
// the same.
constexpr std::array<std::string_view, 58> kPublic = {
    "126.com",     "163.com",        "aim.com",      "aol.com",        "bk.ru",
    "comcast.net", "duck.com",       "fastmail.com", "fastmail.fm",    "free.fr",
    "gmail.com",   "gmx.at",         "gmx.ch",       "gmx.com",        "gmx.de",
    "gmx.net",     "googlemail.com", "hey.com",      "hotmail.co.uk",  "hotmail.com",
    "hotmail.fr",  "hushmail.com",   "icloud.com",   "inbox.ru",       "laposte.net",
    "libero.it",   "list.ru",        "live.com",     "mac.com",        "mail.com",
    "mail.ru",     "mailbox.org",    "me.com",       "msn.com",        "naver.com",
    "orange.fr",   "outlook.com",    "outlook.in",   "pm.me",          "posteo.de",
    "proton.me",   "protonmail.com", "qq.com",       "rediffmail.com", "rocketmail.com",
    "sina.com",    "t-online.de",    "tutanota.com", "verizon.net",    "web.de",
    "yahoo.co.in", "yahoo.co.uk",    "yahoo.com",    "yahoo.fr",       "yahoo.in",
    "yandex.com",  "yandex.ru",      "zoho.com"};
static_assert(std::ranges::is_sorted(kPublic));

bool is_public_mail_domain(std::string_view domain) {
  return std::ranges::binary_search(kPublic, domain);
}

}  // namespace

std::string Domain::record_name() const { return std::string(kRecordLabel) + name; }
std::string Domain::record_text() const { return std::string(kRecordPrefix) + token; }

std::optional<std::string> normal_domain(std::string_view text) {
  std::string domain = lower_case(text);
  return mail::is_valid_address("a@" + domain) ? std::optional(std::move(domain)) : std::nullopt;
}

Result<std::string> check_domain(std::string_view text) {
  auto name = normal_domain(text);
  if (!name) {
    return fail_field("/domain", "invalid_format", "that is no domain name",
                      "Send a name such as example.com, an international one as xn--...");
  }
  if (is_public_mail_domain(*name)) {
    return fail_field("/domain", "invalid_value", "everybody may have an address there",
                      "Send a domain that belongs to you.");
  }
  return *std::move(name);
}

std::string domain_of(std::string_view email) {
  const auto at = email.rfind('@');
  return at == std::string_view::npos ? std::string() : lower_case(email.substr(at + 1));
}

}  // namespace flowsell::sso
