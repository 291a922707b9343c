// The part of a client's lane that keeps connections of HTTP/2.
#include <utility>

#include "client_lane.h"
#include "client_lease.h"
#include "runtime/spawn.h"

namespace flowsell::http {

namespace {

/// To one host, of one client. One holds as many calls as its server allows.
constexpr std::size_t kChannelsMax = 4;
/// A server that ends its connections before a call could begin on one.
constexpr int kTriesMax = 3;

}  // namespace

/// While a connection is being opened nobody else opens one: it may have room for all of them.
struct ClientLane::Opening {
  Opening(ClientLane& its_lane, OutHost& its_host) : lane(its_lane), host(its_host) {
    host.opens_channel = true;
  }
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;
  ~Opening() {
    host.opens_channel = false;
    if (!is_open) ++host.failed_openings;
    while (!host.channel_waiting.empty()) lane.wake_for_channel(host);
  }
  ClientLane& lane;
  OutHost& host;
  bool is_open = false;
};

std::shared_ptr<Http2Channel> ClientLane::usable_channel(OutHost& host,
                                                         const Addresses& addresses) {
  for (const auto& channel : host.channels) {
    if (contains(addresses, channel->address()) && channel->has_room()) return channel;
  }
  return nullptr;
}

/// What most calls have: a connection that is there. Null where something must be waited for.
std::shared_ptr<Http2Channel> ClientLane::ready_channel(OutCall& call) {
  if (!may_be_http2(call.request)) return nullptr;
  auto resolved = shared_->guard->resolve_now(call.request.url, call.request.reach);
  if (!resolved || !*resolved) return nullptr;
  call.addresses = **std::move(resolved);
  OutHost& host = host_of(call.request);
  auto channel = usable_channel(host, call.addresses);
  if (channel == nullptr) forget_if_unused(host);
  return channel;
}

/// False when the server speaks HTTP/1.1 only.
Awaitable<bool> ClientLane::run_http2(OutCall& call) {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (host_of(call.request).speaks_http1_only) co_return false;
    const auto channel = co_await channel_for(call);
    if (channel == nullptr) co_return !host_of(call.request).speaks_http1_only;
    if (co_await channel->exchange(call)) co_return true;
  }
  call.exchange.end = ExchangeEnd::kUnconnected;
  co_return true;
}

/// Null when there is none; the call's exchange says why, if the host does not.
Awaitable<std::shared_ptr<Http2Channel>> ClientLane::channel_for(OutCall& call) {
  while (true) {
    OutHost& host = host_of(call.request);
    if (auto channel = usable_channel(host, call.addresses)) co_return channel;
    const bool may_open = !host.opens_channel && host.channels.size() < kChannelsMax;
    const bool goes_on = may_open ? co_await open_channel(call) : co_await wait_for_channel(call);
    if (!goes_on || host_of(call.request).speaks_http1_only) co_return nullptr;
  }
}

Awaitable<bool> ClientLane::wait_for_channel(OutCall& call) {
  OutHost& host = host_of(call.request);
  call.exchange.end = ExchangeEnd::kOverloaded;
  if (host.channel_waiting.size() >= shared_->options.waiting_per_host_max) co_return false;
  const std::uint64_t failed_before = host.failed_openings;
  net::steady_timer timer(context_, call.deadline);
  struct Place {
    ~Place() {
      --host.channel_waiters;
      std::erase(host.channel_waiting, &timer);
    }
    OutHost& host;
    net::steady_timer& timer;
  };
  {
    const Place place{host, timer};
    ++host.channel_waiters;
    host.channel_waiting.push_back(&timer);
    co_await timer.async_wait(use_result);
  }
  const bool has_failed = host.failed_openings != failed_before;
  if (has_failed) call.exchange.end = ExchangeEnd::kUnconnected;
  const bool goes_on = !has_failed && std::chrono::steady_clock::now() < call.deadline;
  if (!goes_on) forget_if_unused(host);
  co_return goes_on;
}

/// False when no connection came to be.
Awaitable<bool> ClientLane::open_channel(OutCall& call) {
  OutHost& host = host_of(call.request);
  Lease lease(shared_from_this());
  lease.open(host);
  Opening opening(*this, host);
  if (!co_await connect(call, lease)) co_return false;
  opening.is_open = true;
  const bool is_http2 = !call.request.url.tls || lease.connection->wire.chose_http2();
  if (!is_http2) {
    host.speaks_http1_only = true;
    lease.give_back();
    co_return true;
  }
  keep_channel(host, std::make_shared<Http2Channel>(shared_from_this(), lease.take_over(), context_,
                                                    watch_, shared_->options));
  co_return true;
}

void ClientLane::keep_channel(OutHost& host, std::shared_ptr<Http2Channel> channel) {
  host.channels.push_back(channel);
  auto has_room = [this, &host] { wake_for_channel(host); };
  auto is_down = [this, &host, ended = channel.get()] {
    std::erase_if(host.channels, [ended](const auto& kept) { return kept.get() == ended; });
    wake_for_channel(host);
    free_slot(host);
  };
  runtime::spawn_logged(
      context_.get_executor(),
      Http2Channel::run(std::move(channel), std::move(has_room), std::move(is_down)),
      "http2 channel");
}

void ClientLane::drop_channels() {
  for (auto& [key, host] : hosts_) host.channels.clear();
}

void ClientLane::wake_for_channel(OutHost& host) {
  if (host.channel_waiting.empty()) return;
  host.channel_waiting.front()->cancel();
  host.channel_waiting.pop_front();
}

}  // namespace flowsell::http
