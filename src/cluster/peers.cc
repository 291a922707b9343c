#include "cluster/peers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/encoding.h"

namespace flowsell::cluster {
namespace {

using namespace std::chrono_literals;
using http::Method;

/// Longer than any answer is held back (Prefer: wait) or any provider is waited for.
constexpr auto kTimeMax = 180s;
/// They are near, or gone: who waits for a connection is not told of the latter.
constexpr auto kConnectTimeMax = 1s;
constexpr std::size_t kUrlsMax = 1000;
/// A webhook's body comes back only as an answer of a few bytes, a page of a list as more.
constexpr std::size_t kAnswerBytesMax = 16 << 20;

/// What belongs to one connection, or is made anew for the next.
constexpr std::array<std::string_view, 12> kOfOneHop = {
    "Host",    "Connection", "Content-Length", "Transfer-Encoding", "Expect",   "Accept-Encoding",
    "Upgrade", "TE",         "Keep-Alive",     "Trailer",           kForwarded, kReplica};
constexpr std::array<std::string_view, 7> kOfOneAnswer = {
    "Content-Length", "Connection", "Date",  "Transfer-Encoding",
    "Content-Type",   "Keep-Alive", kReplica};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(
      names, [name](std::string_view each) { return equals_ignoring_case(each, name); });
}

http::EgressOptions everywhere() {
  http::EgressOptions options;
  options.allow_all = true;  // the addresses are the replicas' own
  return options;
}

http::ClientOptions client_options() {
  http::ClientOptions options;
  options.answer_bytes_max = kAnswerBytesMax;
  options.connect_time_max = kConnectTimeMax;
  return options;
}

/// Its fields' text is the request's.
http::OutRequest passed_on(http::Url url, ReplicaId to, std::string cells,
                           const http::Request& request) {
  http::OutRequest out;
  // The body of a HEAD's answer is left out by the server that has the client.
  out.method = request.method == Method::kHead ? Method::kGet : request.method;
  out.url = std::move(url);
  out.url.target = request.target;
  out.version = http::Version::kHttp2;
  out.passed_on.reserve(request.fields.size());
  for (const auto& field : request.fields) {
    if (!is_one_of(kOfOneHop, field.name)) out.passed_on.push_back(field);
  }
  out.headers.push_back({std::string(kForwarded), std::move(cells)});
  out.headers.push_back({std::string(kReplica), std::to_string(to)});
  out.body = request.body;
  return out;
}

http::Response passed_back(http::Exchange exchange) {
  http::Response response;
  response.status = exchange.status;
  response.content_type = exchange.header("Content-Type");
  response.body = std::move(exchange.body);
  response.is_relayed = true;
  for (http::Header& header : exchange.headers) {
    if (!is_one_of(kOfOneAnswer, header.name)) response.headers.push_back(std::move(header));
  }
  return response;
}

}  // namespace

Peers::Peers(runtime::IoPool& pool)
    : client_(pool, std::make_shared<http::EgressGuard>(everywhere()), client_options()) {}
Peers::~Peers() = default;

/// Replicas are few, and each request is for one of them.
std::optional<http::Url> Peers::url_of(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (const auto found = urls_.find(address); found != urls_.end()) return found->second;
  auto url = http::Url::parse(address);
  if (!url) return std::nullopt;
  if (urls_.size() >= kUrlsMax) urls_.clear();  // of replicas that are no more
  return urls_.emplace(address, *std::move(url)).first->second;
}

Awaitable<Forwarded> Peers::forward(Replica to, std::string cells, const http::Request& request,
                                    std::function<bool()> is_gone) {
  auto url = url_of(to.address);
  if (!url) co_return Forwarded{};
  auto passed = passed_on(*std::move(url), to.id, std::move(cells), request);
  passed.is_in_vain = std::move(is_gone);
  auto exchange =
      co_await client_.send(std::move(passed), std::chrono::steady_clock::now() + kTimeMax);
  const bool is_misdirected = !exchange.header(kMisdirected).empty();
  const bool is_its_own = exchange.header(kReplica) == std::to_string(to.id);
  if (exchange.end == http::ExchangeEnd::kAnswered && (is_misdirected || is_its_own)) {
    co_return Forwarded{Forwarded::End::kAnswered, passed_back(std::move(exchange)),
                        is_misdirected};
  }
  co_return Forwarded{
      exchange.byte_sent ? Forwarded::End::kLost : Forwarded::End::kUnsent, {}, false};
}

bool may_repeat(const http::Request& request) noexcept {
  switch (request.method) {
    case Method::kPost:
    case Method::kPatch:
      return !request.header("Idempotency-Key").empty();
    default:
      return true;
  }
}

}  // namespace flowsell::cluster
