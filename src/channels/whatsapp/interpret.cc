#include "interpret.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "errors.h"
#include "fields.h"
#include "provider_error.h"

namespace flowsell::whatsapp {
namespace {

using channel::Interpretation;
using std::chrono::seconds;

// Longest time that Meta documents (133016). A larger number in a header is a mistake, not a plan.
constexpr seconds kWaitMax = std::chrono::hours(72);

constexpr std::int64_t kAppLimit = 4;
constexpr std::int64_t kAccountLimit = 80007;
constexpr std::int64_t kManagementLimit = 80008;

std::optional<seconds> bounded(std::int64_t count, std::int64_t unit_seconds) {
  if (count <= 0) return std::nullopt;
  if (count >= kWaitMax.count() / unit_seconds) return kWaitMax;
  return seconds(count * unit_seconds);
}

/// Retry-After in seconds. Its other form, a date, is not used by Meta and is ignored.
std::optional<seconds> retry_after_header(const http::Exchange& answered) {
  const std::string_view text = answered.header("Retry-After");
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return bounded(count, 1);
}

std::int64_t regain_minutes(const json::Array& entries) {
  std::int64_t minutes = 0;
  for (const json::Value& entry : entries) {
    const json::Object* usage = entry.if_object();
    if (usage == nullptr) continue;
    minutes = std::max(minutes, integer_in(*usage, "estimated_time_to_regain_access").value_or(0));
  }
  return minutes;
}

/// X-Business-Use-Case-Usage: {"<account>": [{"estimated_time_to_regain_access": minutes, ...}]}
std::optional<seconds> usage_header(const http::Exchange& answered) {
  const auto usage = json::parse(answered.header("X-Business-Use-Case-Usage"));
  const json::Object* accounts = usage ? usage->root().if_object() : nullptr;
  if (accounts == nullptr) return std::nullopt;
  std::int64_t minutes = 0;
  for (const auto& account : *accounts) {
    if (const json::Array* entries = account.value().if_array())
      minutes = std::max(minutes, regain_minutes(*entries));
  }
  return bounded(minutes, 60);
}

bool has_usage_header(std::int64_t code) {
  return code == kAppLimit || code == kAccountLimit || code == kManagementLimit;
}

/// The longest of the times that the headers name, else the known time of the code.
std::optional<seconds> wait_for(const http::Exchange& answered, std::int64_t code,
                                const ErrorRow& row) {
  if (row.retry == channel::RetryClass::kNo || row.retry == channel::RetryClass::kFix)
    return std::nullopt;
  std::optional<seconds> wait = retry_after_header(answered);
  // nullopt is less than every time.
  if (has_usage_header(code)) wait = std::max(wait, usage_header(answered));
  if (!wait && row.wait > seconds(0)) wait = row.wait;
  return wait;
}

Interpretation read_success(const json::Object& root) {
  Interpretation out;
  const json::Object* message = first_object_in(root, "messages");
  if (message == nullptr || text_in(*message, "id").empty()) return out;
  out.kind = Interpretation::Kind::kAccepted;
  out.provider_message_id = text_in(*message, "id");
  const std::string_view status = text_in(*message, "message_status");
  if (status != "accepted") out.provider_status = status;
  return out;
}

Interpretation read_error(const json::Object& root, const http::Exchange& answered) {
  Interpretation out;
  const json::Object* error = object_in(root, "error");
  const auto code = error == nullptr ? std::nullopt : integer_in(*error, "code");
  if (!code) return out;
  const ErrorRow& row =
      classify(*code, integer_in(*error, "error_subcode").value_or(0), answered.status);
  out.kind = Interpretation::Kind::kError;
  out.error = read_provider_error(*error, *code, row);
  out.retry = row.retry;
  out.scope = row.scope;
  out.retry_after = wait_for(answered, *code, row);
  return out;
}

}  // namespace

Interpretation interpret_answer(const http::Exchange& answered) {
  if (answered.end != http::ExchangeEnd::kAnswered) return {};
  const bool success = answered.status >= 200 && answered.status <= 299;
  if (!success && answered.status < 400) return {};
  const auto document = json::parse(answered.body);
  const json::Object* root = document ? document->root().if_object() : nullptr;
  if (root == nullptr) return {};
  return success ? read_success(*root) : read_error(*root, answered);
}

}  // namespace flowsell::whatsapp
