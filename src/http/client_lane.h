#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "answer_reader.h"
#include "http/client.h"
#include "name_lookup.h"
#include "runtime/deadline_watch.h"
#include "tls.h"
#include "wire.h"

namespace flowsell::http {

/// What all threads of one client share.
struct ClientShared {
  std::shared_ptr<EgressGuard> guard;
  ClientOptions options;
  TlsContext tls;
};

/// One connection to another server, pinned to the address that the guard checked.
struct OutConnection {
  OutConnection(net::io_context& context, runtime::DeadlineWatch& watch,
                std::size_t answer_bytes_max);

  Wire wire;
  AnswerReader reader;
  net::ip::address address;
  SteadyTime opened_at;
  std::string out;                     ///< the request as it goes on the wire
  std::function<void()> idle_expired;  ///< set while it waits in the pool
  bool timed_out = false;
  runtime::Deadline deadline;
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
};

/// One thread's part of a client. Calls keep it alive.
class ClientLane : public std::enable_shared_from_this<ClientLane> {
 public:
  ClientLane(std::shared_ptr<const ClientShared> shared, net::io_context& context);

  net::io_context& context() noexcept { return context_; }
  Awaitable<Exchange> send(OutRequest request, SteadyTime deadline,
                           std::function<bool()> before_first_byte);

 private:
  class Lease;
  struct Call;

  Awaitable<void> run(Call& call);
  Awaitable<bool> resolve(Call& call);
  Awaitable<bool> obtain(Call& call, Lease& lease);
  Awaitable<bool> wait_for_slot(Call& call, Lease& lease);
  Awaitable<bool> connect(Call& call, Lease& lease);
  Awaitable<bool> connect_to(Call& call, OutConnection& connection, net::ip::address address,
                             SteadyTime until);
  Awaitable<void> exchange(Call& call, OutConnection& connection);
  Awaitable<bool> send_request(Call& call, OutConnection& connection);
  Awaitable<void> read_answer(Call& call, OutConnection& connection);

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

/// The request's bytes: request line, fields, body.
void write_request(const OutRequest& request, const std::string& user_agent, std::string& out);

}  // namespace flowsell::http
