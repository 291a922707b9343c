#include "provider_calls.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/encoding.h"
#include "key_set.h"
#include "oidc/fault.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;
using http::ExchangeEnd;

constexpr std::chrono::seconds kFreshMin = 5min;
constexpr std::chrono::seconds kFreshMax = 24h;
constexpr std::chrono::seconds kFreshUnsaid = 1h;
/// Sign-ins are rare, and many servers drop an idle connection after five seconds: a code that is
/// lost with one can't be sent again.
constexpr auto kIdleTimeMax = 2s;

http::ClientOptions client_options(std::string tls_ca_file) {
  http::ClientOptions options;
  options.answer_bytes_max = kKeySetBytesMax;  // the largest; each call has its own limit besides
  options.idle_time_max = kIdleTimeMax;
  options.tls_ca_file = std::move(tls_ca_file);
  return options;
}

Fault fault_of_end(ExchangeEnd end) {
  switch (end) {
    case ExchangeEnd::kRefused:
      return Fault::kAddressRefused;
    case ExchangeEnd::kUnresolved:
    case ExchangeEnd::kUnconnected:
      return Fault::kUnreachable;
    case ExchangeEnd::kOverloaded:
      return Fault::kBusy;
    case ExchangeEnd::kTimedOut:
      return Fault::kTimeout;
    case ExchangeEnd::kBroken:
      return Fault::kUnavailable;
    case ExchangeEnd::kAnswered:
    case ExchangeEnd::kUnreadable:
      break;
  }
  return Fault::kAnswerInvalid;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::chrono::seconds seconds_of(std::string_view digits) {
  if (digits.starts_with('"')) digits.remove_prefix(1);  // a quoted form is allowed, too
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error == std::errc::result_out_of_range) return kFreshMax;
  return std::chrono::seconds(error == std::errc() ? std::max<std::int64_t>(seconds, 0) : 0);
}

}  // namespace

std::chrono::seconds fresh_time(std::string_view cache_control) {
  constexpr std::string_view kMaxAge = "max-age=";
  std::chrono::seconds time = kFreshUnsaid;
  while (!cache_control.empty()) {
    const auto end = cache_control.find(',');
    const std::string_view directive = trimmed(cache_control.substr(0, end));
    cache_control.remove_prefix(end == std::string_view::npos ? cache_control.size() : end + 1);
    if (equals_ignoring_case(directive, "no-store") ||
        equals_ignoring_case(directive, "no-cache")) {
      return kFreshMin;
    }
    if (equals_ignoring_case(directive.substr(0, kMaxAge.size()), kMaxAge)) {
      time = seconds_of(directive.substr(kMaxAge.size()));
    }
  }
  return std::clamp(time, kFreshMin, kFreshMax);
}

ProviderCalls::ProviderCalls(runtime::IoPool& pool, std::shared_ptr<http::EgressGuard> guard,
                             std::chrono::milliseconds time_max, std::string tls_ca_file)
    : client_(pool, std::move(guard), client_options(std::move(tls_ca_file))),
      time_max_(time_max) {}

Task<http::Exchange> ProviderCalls::call(http::OutRequest request, std::size_t bytes_max) {
  request.headers.push_back({"Accept", "application/json"});
  auto sent = client_.send(std::move(request), std::chrono::steady_clock::now() + time_max_);
  http::Exchange exchange = co_await std::move(sent);
  if (exchange.end != ExchangeEnd::kAnswered) co_return fail(fault_of_end(exchange.end));
  if (exchange.body.size() > bytes_max) co_return fail(Fault::kAnswerInvalid, "too long");
  if (exchange.status == 429 || exchange.status >= 500) co_return fail(Fault::kUnavailable);
  co_return exchange;
}

Task<http::Exchange> ProviderCalls::get(http::Url url, std::size_t bytes_max) {
  http::OutRequest request;
  request.method = http::Method::kGet;
  request.url = std::move(url);
  CO_TRY(http::Exchange exchange, co_await call(std::move(request), bytes_max));
  if (exchange.status != 200) co_return fail(Fault::kAnswerInvalid, "status");
  co_return exchange;
}

}  // namespace flowsell::oidc
