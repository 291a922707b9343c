#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/client.h"
#include "http2_channel.h"
#include "out_connection.h"
#include "runtime/deadline_watch.h"
#include "tls.h"

namespace flowsell::http {

/// What all threads of one client share.
struct ClientShared {
  std::shared_ptr<EgressGuard> guard;
  ClientOptions options;
  TlsContext tls;
};

/// The connections to one origin, on one thread.
struct OutHost {
  struct Waiter {
    net::steady_timer timer;
    bool granted = false;
    std::unique_ptr<OutConnection> connection;  ///< null: a slot to open one
  };
  std::string key;
  std::size_t open = 0;  ///< in use, idle, or about to be opened
  std::vector<std::unique_ptr<OutConnection>> idle;
  std::deque<Waiter*> waiting;

  // Where HTTP/2 may be spoken:
  std::vector<std::shared_ptr<Http2Channel>> channels;
  std::deque<net::steady_timer*> channel_waiting;  ///< for room in one, or for its opening
  std::size_t channel_waiters = 0;                 ///< they, and who was woken and has not run
  bool opens_channel = false;
  std::uint64_t failed_openings = 0;
  bool speaks_http1_only = false;  ///< as it said in TLS
};

/// One thread's part of a client. Calls keep it alive.
class ClientLane : public std::enable_shared_from_this<ClientLane> {
 public:
  ClientLane(std::shared_ptr<const ClientShared> shared, net::io_context& context);

  net::io_context& context() noexcept { return context_; }
  Awaitable<Exchange> send(OutRequest request, SteadyTime deadline,
                           std::function<bool()> before_first_byte);
  Awaitable<StreamedExchange> stream(OutRequest request, StreamTimes times);
  /// They hold the lane. After the context has stopped.
  void drop_channels();

 private:
  class Lease;
  class StreamedCall;
  class StreamedBody;
  struct Opening;

  Awaitable<void> run(OutCall& call);
  Awaitable<bool> resolve(OutCall& call);
  Awaitable<bool> obtain(OutCall& call, Lease& lease);
  Awaitable<bool> wait_for_slot(OutCall& call, Lease& lease);
  Awaitable<bool> connect(OutCall& call, Lease& lease);
  static bool may_be_http2(const OutRequest& request);
  std::shared_ptr<Http2Channel> ready_channel(OutCall& call);
  std::shared_ptr<Http2Channel> usable_channel(OutHost& host, const Addresses& addresses);
  Awaitable<bool> run_http2(OutCall& call);
  Awaitable<std::shared_ptr<Http2Channel>> channel_for(OutCall& call);
  Awaitable<bool> wait_for_channel(OutCall& call);
  Awaitable<bool> open_channel(OutCall& call);
  void keep_channel(OutHost& host, std::shared_ptr<Http2Channel> channel);
  void wake_for_channel(OutHost& host);
  Awaitable<bool> connect_to(OutCall& call, OutConnection& connection, net::ip::address address,
                             SteadyTime until);
  Awaitable<void> exchange(OutCall& call, OutConnection& connection);
  Awaitable<bool> send_request(OutCall& call, OutConnection& connection);
  Awaitable<void> read_answer(OutCall& call, OutConnection& connection);

  OutHost& host_of(const OutRequest& request);
  std::unique_ptr<OutConnection> take_idle(OutHost& host, const Addresses& addresses);
  bool is_sound(OutConnection& connection) const;
  void give_back(OutHost& host, std::unique_ptr<OutConnection> connection);
  void free_slot(OutHost& host);
  void park(OutHost& host, std::unique_ptr<OutConnection> connection);
  void drop_idle(OutHost& host, const OutConnection* connection);
  void forget_if_unused(OutHost& host);

  std::shared_ptr<const ClientShared> shared_;
  net::io_context& context_;
  runtime::DeadlineWatch watch_;
  std::string key_;  ///< scratch for host_of
  std::unordered_map<std::string, OutHost> hosts_;
};

}  // namespace flowsell::http
