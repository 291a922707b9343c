#include "cluster/peers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/encoding.h"
#include "crypto/hash.h"

namespace flowsell::cluster {
namespace {

using namespace std::chrono_literals;
using http::Method;

/// Longer than any answer is held back (Prefer: wait) or any provider is waited for.
constexpr auto kTimeMax = 180s;
/// They are near, or gone: who waits for a connection is not told of the latter.
constexpr auto kConnectTimeMax = 1s;
/// So far may replicas' clocks be apart.
constexpr std::int64_t kClientMinutesMax = 5;
constexpr std::size_t kUrlsMax = 1000;
/// A webhook's body comes back only as an answer of a few bytes, a page of a list as more.
constexpr std::size_t kAnswerBytesMax = 16 << 20;

/// What belongs to one connection, or is made anew for the next.
constexpr std::array<std::string_view, 13> kOfOneHop = {
    "Host",    "Connection", "Content-Length", "Transfer-Encoding", "Expect",   "Accept-Encoding",
    "Upgrade", "TE",         "Keep-Alive",     "Trailer",           kForwarded, kReplica,
    kClient};
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

std::int64_t minute_of(Time now) { return to_unix_ms(now) / 60'000; }

std::string proof_of(const crypto::Key& key, std::string_view address, std::string_view minute,
                     std::string_view target) {
  const auto mac = crypto::hmac_sha256(as_text(key.bytes()), {address, "\n", minute, "\n", target});
  return hex_encode(mac);
}

http::Header client_header(const http::Request& request, const crypto::Key& key, Time now) {
  const std::string minute = std::to_string(minute_of(now));
  std::string text(request.remote_address);
  text.append(" ").append(minute).append(" ");
  text += proof_of(key, request.remote_address, minute, request.target);
  return {std::string(kClient), std::move(text)};
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

/// A request's stream on its way to another replica.
class PassedStream final : public http::BodySource {
 public:
  explicit PassedStream(http::BodySource* from) : from_(from) {}
  Task<std::string_view> next() override {
    is_taken_ = true;
    return from_->next();
  }
  bool is_taken() const noexcept { return is_taken_; }

 private:
  http::BodySource* const from_;
  bool is_taken_ = false;
};

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

std::optional<std::string_view> client_of(const http::Request& request, const crypto::Key& key,
                                          Time now) {
  const std::string_view text = request.header(kClient);
  const auto first = text.find(' ');
  const auto second = text.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto address = text.substr(0, first);
  const auto minute_text = text.substr(first + 1, second - first - 1);
  std::int64_t minute = 0;
  std::from_chars(minute_text.data(), minute_text.data() + minute_text.size(), minute);
  const std::int64_t off = minute_of(now) - minute;
  if (off > kClientMinutesMax || off < -kClientMinutesMax) return std::nullopt;
  const std::string proof = proof_of(key, address, minute_text, request.target);
  if (!crypto::constant_time_equal(proof, text.substr(second + 1))) return std::nullopt;
  return address;
}

Peers::Peers(runtime::IoPool& pool, const crypto::Key& key, const Clock& clock)
    : key_(key),
      clock_(clock),
      client_(pool, std::make_shared<http::EgressGuard>(everywhere()), client_options()) {}
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
  passed.headers.push_back(client_header(request, key_, clock_.now()));
  if (request.stream != nullptr || request.wants_stream)
    co_return co_await stream(std::move(to), std::move(passed), request);
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

/// What is too large to be held goes through in pieces, either way.
Awaitable<Forwarded> Peers::stream(Replica to, http::OutRequest passed,
                                   const http::Request& request) {
  PassedStream body(request.stream);
  if (request.stream != nullptr) {
    passed.body_source = &body;
    passed.body_length = request.stream_length;
  }
  http::StreamTimes times;
  times.answer_max = kTimeMax;
  auto exchange = co_await client_.stream(std::move(passed), times);
  const bool is_misdirected = !exchange.head.header(kMisdirected).empty();
  const bool is_its_own = exchange.head.header(kReplica) == std::to_string(to.id);
  Forwarded out;
  out.is_used_up = body.is_taken();
  if (exchange.head.end == http::ExchangeEnd::kAnswered && (is_misdirected || is_its_own)) {
    out.end = Forwarded::End::kAnswered;
    out.is_misdirected = is_misdirected;
    out.response = passed_back(std::move(exchange.head));
    out.response.stream = std::move(exchange.body);
    out.response.stream_length = exchange.length;
    co_return out;
  }
  out.end = exchange.head.byte_sent ? Forwarded::End::kLost : Forwarded::End::kUnsent;
  co_return out;
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
