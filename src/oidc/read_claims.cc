#include "read_claims.h"

#include <algorithm>

#include "fields.h"
#include "oidc/fault.h"

namespace flowsell::oidc {
namespace {

constexpr std::size_t kSubjectBytesMax = 255;  // Core 1.0, section 2
constexpr std::size_t kEmailBytesMax = 320;
constexpr std::size_t kTextBytesMax = 512;
constexpr std::size_t kMethodsMax = 16;
constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999

bool is_subject(std::string_view text) {
  return !text.empty() && text.size() <= kSubjectBytesMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// Some providers write it as a string (AWS Cognito, Apple).
bool is_true(const json::Value* value) {
  if (value == nullptr) return false;
  if (value->is_bool()) return value->get_bool();
  return value->is_string() && value->get_string() == "true";
}

void read_methods(const json::Object& payload, std::vector<std::string>& methods) {
  const json::Value* const value = payload.if_contains("amr");
  const json::Array* const list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return;
  for (const json::Value& each : *list) {
    const auto* const name = each.if_string();
    if (name == nullptr || name->size() > kTextBytesMax) continue;
    if (methods.size() == kMethodsMax) return;
    methods.emplace_back(*name);
  }
}

/// An address and what is said of it go together: of two sources one is taken whole.
void read_email(const json::Object& from, Claims& claims) {
  claims.email = short_text_of(from, "email", kEmailBytesMax);
  claims.email_verified = !claims.email.empty() && is_true(from.if_contains("email_verified"));
}

}  // namespace

std::optional<Time> time_of(const json::Value& value) {
  if (value.is_int64()) {
    const std::int64_t seconds = value.get_int64();
    if (seconds < 0 || seconds > kLastSecond) return std::nullopt;
    return from_unix_ms(seconds * 1000);
  }
  if (!value.is_double()) return std::nullopt;
  const double seconds = value.get_double();
  if (!(seconds >= 0 && seconds <= static_cast<double>(kLastSecond))) return std::nullopt;
  return from_unix_ms(static_cast<std::int64_t>(seconds * 1000));
}

Result<Claims> read_claims(const json::Object& payload) {
  Claims claims;
  const auto subject = text_of(payload, "sub");
  if (!subject || !is_subject(*subject)) return fail(Fault::kTokenMalformed, "sub");
  claims.subject = *subject;
  claims.issuer = text_of(payload, "iss").value_or("");
  read_email(payload, claims);
  claims.name = short_text_of(payload, "name", kTextBytesMax);
  claims.hosted_domain = short_text_of(payload, "hd", kTextBytesMax);
  claims.tenant = short_text_of(payload, "tid", kTextBytesMax);
  claims.session = short_text_of(payload, "sid", kTextBytesMax);
  claims.acr = short_text_of(payload, "acr", kTextBytesMax);
  read_methods(payload, claims.amr);
  const json::Value* const auth_time = payload.if_contains("auth_time");
  if (auth_time != nullptr) claims.auth_time = time_of(*auth_time);
  return claims;
}

Result<> add_userinfo(std::string_view text, Claims& claims) {
  const auto document = json::parse(text);
  const json::Object* const object = object_of(document);
  if (object == nullptr) return fail(Fault::kAnswerInvalid, "userinfo");
  if (text_of(*object, "sub") != claims.subject) return fail(Fault::kUserinfoSubject);
  read_email(*object, claims);
  if (claims.name.empty()) claims.name = short_text_of(*object, "name", kTextBytesMax);
  return {};
}

}  // namespace flowsell::oidc
