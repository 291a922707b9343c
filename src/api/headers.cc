#include "headers.h"

#include <algorithm>
#include <charconv>

#include "core/encoding.h"

namespace flowsell::api {
namespace {

constexpr std::chrono::seconds kWaitMax{60};

}  // namespace

std::optional<std::chrono::seconds> wait_preference(std::string_view prefer) {
  while (!prefer.empty()) {
    const auto end = prefer.find_first_of(",;");
    const auto part = http::trimmed(prefer.substr(0, end));
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
  return idempotent_call(call, call.request.body);
}

Result<std::optional<metering::IdempotentCall>> idempotent_call(const Call& call,
                                                                std::string_view body) {
  return idempotent_call(call.services, call.caller, call.request, body);
}

Result<std::optional<metering::IdempotentCall>> idempotent_call(const AdminCall& call,
                                                                const Services& services,
                                                                const WorkspaceId& workspace,
                                                                identity::Mode mode) {
  const http::Request& request = call.visit.request;
  const auto header = request.header("Idempotency-Key");
  if (header.empty()) return std::nullopt;
  TRY(const std::string key, metering::Idempotency::parse_header(header));
  return services.idempotency.begin(workspace, mode, http::method_name(request.method),
                                    std::string(request.path) + "#" + call.who.user.str(), key,
                                    request.body, services.clock.now());
}

void add_timing(http::Response& response, std::string_view part,
                std::chrono::steady_clock::duration took) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  std::string value(part);
  value.append(";dur=").append(std::to_string(micros / 1000)).append(".");
  value += static_cast<char>('0' + micros % 1000 / 100);
  response.headers.push_back({"Server-Timing", std::move(value)});
}

std::string_view trace_id(std::string_view traceparent) {
  // version "-" trace-id "-" parent-id "-" flags; a later version may have more behind them.
  constexpr std::size_t kSize = 55;
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (traceparent.size() < kSize || traceparent[2] != '-' || traceparent[35] != '-' ||
      traceparent[52] != '-' || traceparent.starts_with("ff"))
    return {};
  if (traceparent.size() > kSize && (traceparent.starts_with("00") || traceparent[kSize] != '-'))
    return {};
  const auto is_hex = [&](std::size_t from, std::size_t size) {
    return traceparent.substr(from, size).find_first_not_of(kDigits) == std::string_view::npos;
  };
  if (!is_hex(0, 2) || !is_hex(3, 32) || !is_hex(36, 16) || !is_hex(53, 2)) return {};
  const auto trace = traceparent.substr(3, 32);
  return trace.find_first_not_of('0') == std::string_view::npos ? std::string_view() : trace;
}

void add_rate_headers(http::Response& response, const metering::RateLimit::Decision& decision,
                      const std::optional<metering::Quota>& quota, Time now, RateOf of) {
  std::string policy;
  std::string state;
  if (decision.per_window > 0) {
    const std::string_view name = of == RateOf::kKey ? "\"key\"" : "\"user\"";
    policy.append(name).append(";q=") += std::to_string(decision.per_window) + ";w=1";
    state.append(name).append(";r=") +=
        std::to_string(decision.remaining) + ";t=" + std::to_string(decision.reset.count());
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

Result<> check_version(const http::Request& request) {
  const auto wanted = request.header("FlowSell-Version");
  if (wanted.empty() || wanted == kVersion) return {};
  return fail(ErrorCode::kUnsupportedVersion,
              "this server speaks version " + std::string(kVersion));
}

}  // namespace flowsell::api
