#include "client_lane.h"

#include <algorithm>
#include <utility>

#include "client_lease.h"
#include "core/encoding.h"
#include "core/failpoint.h"

namespace flowsell::http {

OutConnection::OutConnection(net::io_context& context, runtime::DeadlineWatch& watch,
                             std::size_t answer_bytes_max)
    : wire(Socket(context.get_executor())),
      reader(answer_bytes_max),
      opened_at(std::chrono::steady_clock::now()),
      deadline(watch, [this] {
        if (idle_expired) {
          const std::function<void()> expired = std::move(idle_expired);
          return expired();  // destroys this
        }
        timed_out = true;
        wire.cancel();
      }) {}

ClientLane::ClientLane(std::shared_ptr<const ClientShared> shared, net::io_context& context)
    : shared_(std::move(shared)), context_(context), watch_(context) {}

Awaitable<Exchange> ClientLane::send(OutRequest request, SteadyTime deadline,
                                     std::function<bool()> before_first_byte) {
  const SteadyTime started = std::chrono::steady_clock::now();
  OutCall call{std::move(request), deadline, std::move(before_first_byte), {}, {}};
  const auto ready = ready_channel(call);
  if (ready == nullptr || !co_await ready->exchange(call)) co_await run(call);
  call.exchange.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started);
  co_return std::move(call.exchange);
}

Awaitable<void> ClientLane::run(OutCall& call) {
  if (!co_await resolve(call)) co_return;
  if (may_be_http2(call.request) && co_await run_http2(call)) co_return;
  Lease lease(shared_from_this());
  if (!co_await obtain(call, lease)) co_return;
  co_await exchange(call, *lease.connection);
  const bool is_answered = call.exchange.end == ExchangeEnd::kAnswered;
  if (is_answered && is_sound(*lease.connection)) lease.give_back();
}

bool ClientLane::may_be_http2(const OutRequest& request) {
  return request.version == Version::kHttp2 ||
         (request.version == Version::kOffered && request.url.tls);
}

Awaitable<bool> ClientLane::resolve(OutCall& call) {
  const OutRequest& request = call.request;
  auto resolved = shared_->guard->resolve_now(request.url, request.reach);
  if (!resolved)
    resolved = co_await shared_->guard->resolve(request.url, call.deadline, request.reach);
  if (*resolved) {
    call.addresses = **std::move(resolved);
    co_return true;
  }
  call.exchange.end = resolved->error().code == ErrorCode::kProviderUnreachable
                          ? ExchangeEnd::kUnresolved
                          : ExchangeEnd::kRefused;
  co_return false;
}

OutHost& ClientLane::host_of(const OutRequest& request) {
  const Url& url = request.url;
  key_.assign(url.tls ? "s" : "p").append(request.version == Version::kHttp1 ? "1" : "2");
  key_.append(url.host).append(":");
  key_.append(std::to_string(url.port)).append(" ").append(as_text(request.client));
  const auto found = hosts_.find(key_);
  if (found != hosts_.end()) return found->second;
  OutHost& host = hosts_[key_];
  host.key = key_;
  return host;
}

/// Fills the lease: with a connection from the pool, or with one that is opened now.
Awaitable<bool> ClientLane::obtain(OutCall& call, Lease& lease) {
  OutHost& host = host_of(call.request);
  const bool is_free = host.waiting.empty();  // nobody overtakes who waits
  if (is_free) lease.connection = take_idle(host, call.addresses);
  if (lease.connection != nullptr) {
    lease.hold(host);
    co_return true;
  }
  if (is_free && host.open < shared_->options.connections_per_host_max) {
    lease.open(host);
  } else if (!co_await wait_for_slot(call, lease)) {
    co_return false;
  }
  if (lease.connection != nullptr) co_return true;
  co_return co_await connect(call, lease);
}

/// First come, first served. The slot comes with the connection that was given back, where it is
/// fit for this call.
Awaitable<bool> ClientLane::wait_for_slot(OutCall& call, Lease& lease) {
  OutHost& host = host_of(call.request);
  call.exchange.end = ExchangeEnd::kOverloaded;
  if (host.waiting.size() >= shared_->options.waiting_per_host_max) co_return false;

  OutHost::Waiter waiter{net::steady_timer(context_, call.deadline), false, nullptr};
  struct Place {
    ~Place() {
      std::erase(host.waiting, &waiter);
      if (waiter.granted) lease.hold(host);
    }
    OutHost& host;
    OutHost::Waiter& waiter;
    Lease& lease;
  };
  {
    const Place place{host, waiter, lease};
    host.waiting.push_back(&waiter);
    co_await waiter.timer.async_wait(use_result);
  }
  if (!waiter.granted) {
    forget_if_unused(host);
    co_return false;
  }
  lease.connection = std::move(waiter.connection);
  if (lease.connection != nullptr && !contains(call.addresses, lease.connection->address)) {
    lease.connection.reset();
  }
  co_return true;
}

/// Tries the addresses in order; each gets a fair share of the time that is left.
Awaitable<bool> ClientLane::connect(OutCall& call, Lease& lease) {
  call.exchange.end = ExchangeEnd::kUnconnected;
  const SteadyTime until =
      std::min(call.deadline, std::chrono::steady_clock::now() + shared_->options.connect_time_max);
  for (std::size_t i = 0; i < call.addresses.size(); ++i) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= until) co_return false;
    const auto left = static_cast<SteadyTime::rep>(call.addresses.size() - i);
    lease.connection =
        std::make_unique<OutConnection>(context_, watch_, shared_->options.answer_bytes_max);
    if (co_await connect_to(call, *lease.connection, call.addresses[i],
                            now + (until - now) / left)) {
      co_return true;
    }
    lease.connection.reset();
  }
  co_return false;
}

Awaitable<bool> ClientLane::connect_to(OutCall& call, OutConnection& connection,
                                       net::ip::address address, SteadyTime until) {
  const Url& url = call.request.url;
  const net::ip::tcp::endpoint endpoint(address, url.port);
  connection.address = std::move(address);
  connection.deadline.set(until);
  const auto [refused] = co_await connection.wire.socket().async_connect(endpoint, use_result);
  if (refused || connection.timed_out) co_return false;
  connection.wire.tune();
  if (url.tls) {
    const bool offers_http2 = call.request.version != Version::kHttp1;
    connection.wire.use_tls(TlsSession::connect(shared_->tls, url.host, offers_http2));
    const error_code failed = co_await connection.wire.handshake();
    if (failed || connection.timed_out) co_return false;
  }
  connection.deadline.clear();
  co_return true;
}

Awaitable<void> ClientLane::exchange(OutCall& call, OutConnection& connection) {
  connection.reader.begin(call.request.method == Method::kHead);
  connection.timed_out = false;
  connection.deadline.set(call.deadline);
  if (co_await send_request(call, connection)) co_await read_answer(call, connection);
  connection.deadline.clear();
}

/// False when there is no answer to wait for.
Awaitable<bool> ClientLane::send_request(OutCall& call, OutConnection& connection) {
  Wire& wire = connection.wire;
  call.exchange.end = ExchangeEnd::kTimedOut;
  if (std::chrono::steady_clock::now() >= call.deadline) co_return false;
  write_request(call.request, shared_->options.user_agent, connection.out);
  call.exchange.end = ExchangeEnd::kUnconnected;
  if (call.before_first_byte && !call.before_first_byte()) co_return false;
  failpoint("client.before_first_byte");

  call.exchange.end = ExchangeEnd::kBroken;
  if (!wire.queue(connection.out)) co_return false;
  error_code error = wire.send_now();
  const bool sent_at_once = wire.sent() > 0;
  if (sent_at_once) failpoint("client.after_first_byte");
  if (!error && !wire.all_sent()) error = co_await wire.send_rest(nullptr, {});
  call.exchange.byte_sent = wire.sent() > 0;
  if (call.exchange.byte_sent && !sent_at_once) failpoint("client.after_first_byte");
  if (!error) co_return true;
  if (connection.timed_out) call.exchange.end = ExchangeEnd::kTimedOut;
  // A server may answer and close before it has read all (413): then the answer is there to be
  // read.
  co_return !connection.timed_out && call.exchange.byte_sent;
}

Awaitable<void> ClientLane::read_answer(OutCall& call, OutConnection& connection) {
  AnswerReader& reader = connection.reader;
  AnswerReader::Step step = AnswerReader::Step::kNeedMore;
  while (step == AnswerReader::Step::kNeedMore) {
    std::size_t bytes = 0;
    const error_code error = co_await connection.wire.read(reader.space(), bytes);
    if (!error) {
      reader.received(bytes);
      step = reader.next();
      continue;
    }
    if (error == net::error::eof && reader.closed() == AnswerReader::Step::kAnswer) break;
    call.exchange.end = connection.timed_out ? ExchangeEnd::kTimedOut : ExchangeEnd::kBroken;
    co_return;
  }
  if (step == AnswerReader::Step::kFailed) {
    call.exchange.end = ExchangeEnd::kUnreadable;
    co_return;
  }
  call.exchange.end = ExchangeEnd::kAnswered;
  call.exchange.status = reader.status();
  call.exchange.headers = reader.take_headers();
  call.exchange.body = reader.take_body();
}

std::unique_ptr<OutConnection> ClientLane::take_idle(OutHost& host, const Addresses& addresses) {
  // The youngest first: the others may grow old and be closed.
  for (std::size_t i = host.idle.size(); i-- > 0;) {
    auto& place = host.idle[i];
    if (!contains(addresses, place->address)) continue;
    std::unique_ptr<OutConnection> connection = std::move(place);
    host.idle.erase(host.idle.begin() + static_cast<std::ptrdiff_t>(i));
    connection->idle_expired = nullptr;
    connection->deadline.clear();
    if (connection->wire.is_quiet()) return connection;
    --host.open;
  }
  return nullptr;
}

bool ClientLane::is_sound(OutConnection& connection) const {
  return connection.wire.all_sent() && !connection.timed_out && connection.reader.reusable() &&
         std::chrono::steady_clock::now() - connection.opened_at <
             shared_->options.connection_age_max;
}

void ClientLane::give_back(OutHost& host, std::unique_ptr<OutConnection> connection) {
  if (host.waiting.empty()) return park(host, std::move(connection));
  OutHost::Waiter* const next = host.waiting.front();
  host.waiting.pop_front();
  next->granted = true;
  if (connection->wire.is_quiet()) next->connection = std::move(connection);
  next->timer.cancel();
}

/// The slot's connection is closed: whoever waits longest may open another.
void ClientLane::free_slot(OutHost& host) {
  if (host.waiting.empty()) {
    --host.open;
    return forget_if_unused(host);
  }
  OutHost::Waiter* const next = host.waiting.front();
  host.waiting.pop_front();
  next->granted = true;
  next->timer.cancel();
}

void ClientLane::park(OutHost& host, std::unique_ptr<OutConnection> connection) {
  OutConnection* const parked = connection.get();
  parked->idle_expired = [this, &host, parked] { drop_idle(host, parked); };
  parked->deadline.set_after(shared_->options.idle_time_max);
  host.idle.push_back(std::move(connection));
}

void ClientLane::drop_idle(OutHost& host, const OutConnection* connection) {
  std::erase_if(host.idle, [connection](const auto& idle) { return idle.get() == connection; });
  --host.open;
  forget_if_unused(host);
}

void ClientLane::forget_if_unused(OutHost& host) {
  if (host.open > 0 || !host.waiting.empty() || host.channel_waiters > 0) return;
  const std::string key = host.key;
  hosts_.erase(key);
}

}  // namespace flowsell::http
