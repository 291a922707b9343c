#include "headers.h"

#include <algorithm>
#include <charconv>

#include "core/encoding.h"

namespace flowsell::api {
namespace {

constexpr std::chrono::seconds kWaitMax{60};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::chrono::seconds> wait_preference(std::string_view prefer) {
  while (!prefer.empty()) {
    const auto end = prefer.find_first_of(",;");
    const auto part = trimmed(prefer.substr(0, end));
    prefer.remove_prefix(end == std::string_view::npos ? prefer.size() : end + 1);
    if (!equals_ignoring_case(part.substr(0, 5), "wait=")) continue;
    std::int64_t seconds = 0;
    auto digits = part.substr(5);
    if (digits.size() >= 2 && digits.front() == '"' && digits.back() == '"')
      digits = digits.substr(1, digits.size() - 2);
    const auto [last, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (error != std::errc{} || last != digits.data() + digits.size() || seconds < 0)
      return std::nullopt;
    return std::min(std::chrono::seconds(seconds), kWaitMax);
  }
  return std::nullopt;
}

Result<std::optional<metering::IdempotentCall>> idempotent_call(const Call& call) {
  const auto header = call.request.header("Idempotency-Key");
  if (header.empty()) return std::nullopt;
  TRY(const std::string key, metering::Idempotency::parse_header(header));
  TRY(auto begun,
      call.services.idempotency.begin(call.caller.workspace, call.caller.mode,
                                      http::method_name(call.request.method), call.request.path,
                                      key, call.request.body, call.services.clock.now()));
  return begun;
}

void add_rate_headers(http::Response& response, const metering::RateLimit& limit,
                      const metering::RateLimit::Decision& decision,
                      const std::optional<metering::Quota>& quota, Time now) {
  std::string policy;
  std::string state;
  if (limit.per_second() > 0) {
    policy = "\"key\";q=" + std::to_string(limit.per_second()) + ";w=1";
    state = "\"key\";r=" + std::to_string(decision.remaining) +
            ";t=" + std::to_string(decision.reset.count());
  }
  if (quota) {
    if (!policy.empty()) {
      policy += ", ";
      state += ", ";
    }
    const auto window =
        std::chrono::duration_cast<std::chrono::seconds>(quota->period_end - quota->period_start);
    const auto left = std::chrono::ceil<std::chrono::seconds>(quota->period_end - now);
    policy +=
        "\"quota\";q=" + std::to_string(quota->limit) + ";w=" + std::to_string(window.count());
    state +=
        "\"quota\";r=" + std::to_string(quota->remaining()) + ";t=" + std::to_string(left.count());
  }
  if (policy.empty()) return;
  response.headers.push_back({"RateLimit-Policy", std::move(policy)});
  response.headers.push_back({"RateLimit", std::move(state)});
}

}  // namespace flowsell::api
