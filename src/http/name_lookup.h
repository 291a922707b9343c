#pragma once

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "runtime/task.h"

namespace flowsell::http {

using Addresses = std::vector<net::ip::address>;

inline bool contains(const Addresses& addresses, const net::ip::address& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

/// Names to addresses: getaddrinfo on two threads of its own, with a cache. A slow name holds up no
/// context, callers of one name share one look-up, and a caller whose deadline passes leaves the
/// look-up to the cache. Thread-safe.
class NameLookup {
 public:
  explicit NameLookup(std::chrono::seconds cache_time);
  ~NameLookup();  ///< waits for the look-up that runs now, drops the others

  /// What the cache holds; nullopt when it must be asked for. An empty list: known to have no
  /// address.
  std::optional<Addresses> cached(const std::string& host);
  /// Fails with kProviderUnreachable when the deadline passes or too many look-ups wait.
  Task<Addresses> resolve(std::string host, SteadyTime deadline);

 private:
  struct State;
  struct Waiter;
  class Registration;
  std::shared_ptr<State> state_;  ///< shared with suspended callers, which may be destroyed later
  net::thread_pool threads_{2};
};

}  // namespace flowsell::http
