#include "name_lookup.h"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace flowsell::http {

namespace {

constexpr std::size_t kLookupsMax = 1024;
constexpr std::size_t kCachedMax = 16 * 1024;
constexpr std::chrono::seconds kNegativeTime{2};  // a name that failed is asked for again soon

void add_address(const sockaddr& from, Addresses& addresses) {
  net::ip::address address;
  if (from.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &from, sizeof in);
    address = net::ip::address_v4(ntohl(in.sin_addr.s_addr));
  } else if (from.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &from, sizeof in);
    net::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    address = net::ip::address_v6(bytes, in.sin6_scope_id);
  } else {
    return;
  }
  if (!contains(addresses, address)) {
    addresses.push_back(address);
  }
}

Addresses look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  Addresses addresses;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    add_address(*entry->ai_addr, addresses);
  }
  freeaddrinfo(found);
  return addresses;
}

}  // namespace

/// One suspended caller. It sleeps on a timer, so that the io_context owns its coroutine, whatever
/// happens.
struct NameLookup::Waiter {
  Waiter(const net::any_io_executor& executor, SteadyTime deadline) : timer(executor) {
    timer.expires_at(deadline);
  }
  net::steady_timer timer;
  bool answered = false;  // this and `addresses`: under the state's mutex
  Addresses addresses;
};

struct NameLookup::State {
  struct Cached {
    Addresses addresses;
    SteadyTime until;
  };

  std::optional<Addresses> cached(const std::string& host, SteadyTime now) {
    const auto found = cache.find(host);
    if (found == cache.end() || found->second.until <= now) return std::nullopt;
    return found->second.addresses;
  }

  void remember(const std::string& host, const Addresses& addresses) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (cache.size() >= kCachedMax) {
      std::erase_if(cache, [now](const auto& entry) { return entry.second.until <= now; });
    }
    if (cache.size() >= kCachedMax) cache.clear();
    const auto kept = addresses.empty() ? std::min(kNegativeTime, cache_time) : cache_time;
    cache[host] = {addresses, now + kept};
  }

  /// Runs on a look-up thread.
  void answer(const std::string& host, const Addresses& addresses) {
    const std::lock_guard lock(mutex);
    remember(host, addresses);
    const auto found = waiting.find(host);
    if (found == waiting.end()) return;
    for (const auto& waiter : found->second) {
      waiter->answered = true;
      waiter->addresses = addresses;
      // Under the mutex: a registered waiter's context is alive, because its end unregisters the
      // waiter.
      net::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
    }
    waiting.erase(found);
  }

  std::chrono::seconds cache_time;
  std::mutex mutex;
  std::unordered_map<std::string, Cached> cache;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Waiter>>> waiting;
};

/// Keeps a waiter in the table as long as its coroutine lives.
class NameLookup::Registration {
 public:
  Registration(std::shared_ptr<State> state, std::string host, std::shared_ptr<Waiter> waiter)
      : state_(std::move(state)), host_(std::move(host)), waiter_(std::move(waiter)) {}
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() {
    const std::lock_guard lock(state_->mutex);
    // The (possibly empty) entry stays: it says that a look-up of this name is on its way.
    const auto found = state_->waiting.find(host_);
    if (found != state_->waiting.end()) std::erase(found->second, waiter_);
  }

 private:
  std::shared_ptr<State> state_;
  std::string host_;
  std::shared_ptr<Waiter> waiter_;
};

NameLookup::NameLookup(std::chrono::seconds cache_time) : state_(std::make_shared<State>()) {
  state_->cache_time = cache_time;
}

NameLookup::~NameLookup() {
  threads_.stop();
  threads_.join();
}

std::optional<Addresses> NameLookup::cached(const std::string& host) {
  const std::lock_guard lock(state_->mutex);
  return state_->cached(host, std::chrono::steady_clock::now());
}

Task<Addresses> NameLookup::resolve(std::string host, SteadyTime deadline) {
  const std::shared_ptr<State> state = state_;
  auto waiter = std::make_shared<Waiter>(co_await net::this_coro::executor, deadline);
  {
    const std::lock_guard lock(state->mutex);
    if (auto known = state->cached(host, std::chrono::steady_clock::now())) {
      co_return *std::move(known);
    }
    const bool under_way = state->waiting.contains(host);
    if (!under_way && state->waiting.size() >= kLookupsMax) {
      co_return fail(ErrorCode::kProviderUnreachable, "too many host names wait to be resolved");
    }
    state->waiting[host].push_back(waiter);
    if (!under_way) {
      net::post(threads_, [state, host] { state->answer(host, look_up(host)); });
    }
  }
  const Registration registration(state, std::move(host), waiter);
  co_await waiter->timer.async_wait(use_result);
  const std::lock_guard lock(state->mutex);
  if (!waiter->answered) {
    co_return fail(ErrorCode::kProviderUnreachable, "the host name was not resolved in time");
  }
  co_return std::move(waiter->addresses);
}

}  // namespace flowsell::http
