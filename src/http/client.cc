#include "http/client.h"

#include <boost/asio/this_coro.hpp>
#include <cstdlib>
#include <utility>

#include "answer_writer.h"
#include "client_lane.h"
#include "core/encoding.h"
#include "telemetry/log.h"

namespace flowsell::http {

bool is_client_field(std::string_view name) {
  return equals_ignoring_case(name, "host") || is_framing_field(name);
}

std::string authority_of(const Url& url) {
  return url.origin().substr(url.tls ? 8 : 7);  // behind "https://" or "http://"
}

bool has_length(const OutRequest& request) {
  return !request.body.empty() || request.method == Method::kPost ||
         request.method == Method::kPut || request.method == Method::kPatch;
}

std::string_view exchange_end_name(ExchangeEnd end) noexcept {
  switch (end) {
    case ExchangeEnd::kAnswered:
      return "answered";
    case ExchangeEnd::kRefused:
      return "refused";
    case ExchangeEnd::kUnresolved:
      return "unresolved";
    case ExchangeEnd::kOverloaded:
      return "overloaded";
    case ExchangeEnd::kUnconnected:
      return "unconnected";
    case ExchangeEnd::kBroken:
      return "broken";
    case ExchangeEnd::kTimedOut:
      return "timed_out";
    case ExchangeEnd::kUnreadable:
      return "unreadable";
  }
  return "unknown";
}

std::string_view Exchange::header(std::string_view name) const noexcept {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

namespace {

/// Request line and fields, but for those that tell of the body.
void write_fields(const OutRequest& request, const std::string& user_agent, std::string& out) {
  out.clear();
  out.append(method_name(request.method)).append(" ").append(request.url.target);
  out.append(" HTTP/1.1\r\n");
  append_field(out, "Host", authority_of(request.url));
  bool names_agent = false;
  each_field(request, [&](std::string_view name, std::string_view value) {
    names_agent = names_agent || equals_ignoring_case(name, "user-agent");
    append_field(out, name, value);
  });
  if (!names_agent) append_field(out, "User-Agent", user_agent);
}

}  // namespace

void write_request(const OutRequest& request, const std::string& user_agent, std::string& out) {
  write_fields(request, user_agent, out);
  if (has_length(request)) append_field(out, "Content-Length", std::to_string(request.body.size()));
  out.append("\r\n").append(request.body);
}

void write_head(const OutRequest& request, const std::string& user_agent, std::string& out) {
  write_fields(request, user_agent, out);
  if (request.body_length) {
    append_field(out, "Content-Length", std::to_string(*request.body_length));
  } else {
    append_field(out, "Transfer-Encoding", "chunked");
  }
  out.append("\r\n");
}

class Client::Impl {
 public:
  Impl(runtime::IoPool& pool, std::shared_ptr<EgressGuard> guard, ClientOptions options) {
    auto tls = TlsContext::for_client(options.tls_ca_file);
    if (!tls) {
      // Without its authorities a client would have to trust nobody: it does, and each https call
      // fails.
      log::error("no certificate authorities", {{"detail", tls.error().detail}});
      tls = TlsContext::trusting_nobody();
    }
    const auto shared = std::make_shared<const ClientShared>(
        ClientShared{std::move(guard), std::move(options), *std::move(tls)});
    for (std::size_t i = 0; i < pool.size(); ++i) {
      lanes_.push_back(std::make_shared<ClientLane>(shared, pool.context(i)));
    }
  }

  ~Impl() {
    for (const auto& lane : lanes_) lane->drop_channels();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ClientLane& lane(const net::any_io_executor& executor) {
    const net::execution_context* const context = &net::query(executor, net::execution::context);
    for (const auto& lane : lanes_) {
      if (&lane->context() == context) return *lane;
    }
    log::error("http::Client::send was called outside its pool");
    std::abort();
  }

 private:
  std::vector<std::shared_ptr<ClientLane>> lanes_;
};

Client::Client(runtime::IoPool& pool, std::shared_ptr<EgressGuard> guard, ClientOptions options)
    : impl_(std::make_unique<Impl>(pool, std::move(guard), std::move(options))) {}
Client::~Client() = default;

Awaitable<Exchange> Client::send(OutRequest request, SteadyTime deadline,
                                 std::function<bool()> before_first_byte) {
  ClientLane& lane = impl_->lane(co_await net::this_coro::executor);
  co_return co_await lane.send(std::move(request), deadline, std::move(before_first_byte));
}

Awaitable<StreamedExchange> Client::stream(OutRequest request, StreamTimes times) {
  ClientLane& lane = impl_->lane(co_await net::this_coro::executor);
  co_return co_await lane.stream(std::move(request), times);
}

}  // namespace flowsell::http
