#include "document_cache.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "oidc/fault.h"
#include "runtime/spawn.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;

constexpr auto kFailureTime = 5s;
constexpr auto kRenewalPause = 60s;

}  // namespace

/// One suspended caller. It sleeps on a timer, so that its io_context owns its coroutine, whatever
/// happens (http/name_lookup.cc does the same).
struct DocumentCache::Waiter {
  Waiter(const net::any_io_executor& executor, SteadyTime until) : timer(executor) {
    timer.expires_at(until);
  }
  net::steady_timer timer;
  std::optional<Result<Copy>> outcome;  ///< under the state's mutex
};

struct DocumentCache::Entry {
  Copy copy;  ///< without a text: none yet
  SteadyTime fresh_until = SteadyTime::min();
  std::optional<Error> failure;
  SteadyTime failed_until = SteadyTime::min();
  SteadyTime renewable_at = SteadyTime::min();
  std::uint64_t used = 0;  ///< the larger, the later
  /// By the real clock, as timers go: until then a fetch is under way. One that is never heard of
  /// again blocks nobody for longer.
  SteadyTime fetched_by = SteadyTime::min();
  std::vector<std::shared_ptr<Waiter>> waiting;

  bool is_fresh(SteadyTime now) const { return copy.text != nullptr && now < fresh_until; }
  bool is_under_way() const { return std::chrono::steady_clock::now() < fetched_by; }
};

/// What a caller finds: an outcome, or a place to wait and whether it is the one that starts the
/// fetch.
struct DocumentCache::Found {
  std::optional<Result<Copy>> outcome;
  std::shared_ptr<Waiter> waiter;
  bool starts = false;
};

struct DocumentCache::State {
  State(const Clock& c, CacheLimits l) : clock(c), limits(l) {}

  /// The entry, marked as used; nullptr where there is no room for it. The mutex is held, as for
  /// all below.
  Entry* entry_of(const std::string& key) {
    auto found = entries.find(key);
    if (found == entries.end()) {
      if (entries.size() >= limits.documents_max && !drop_one({})) return nullptr;
      found = entries.try_emplace(key).first;
    }
    found->second.used = ++uses;
    return &found->second;
  }

  /// Forgets the least recently used, but not `kept` and none that is being fetched.
  bool drop_one(std::string_view kept) {
    auto oldest = entries.end();
    for (auto each = entries.begin(); each != entries.end(); ++each) {
      if (each->second.is_under_way() || each->first == kept) continue;
      if (oldest == entries.end() || each->second.used < oldest->second.used) oldest = each;
    }
    if (oldest == entries.end()) return false;
    if (oldest->second.copy.text != nullptr) bytes -= oldest->second.copy.text->size();
    entries.erase(oldest);
    return true;
  }

  Found join(Entry& entry, const net::any_io_executor& executor) {
    Found found;
    found.starts = !entry.is_under_way();
    if (found.starts) entry.fetched_by = std::chrono::steady_clock::now() + limits.fetch_time_max;
    found.waiter = std::make_shared<Waiter>(executor, entry.fetched_by);
    entry.waiting.push_back(found.waiter);
    return found;
  }

  Found find(const std::string& key, const net::any_io_executor& executor) {
    const std::lock_guard lock(mutex);
    Entry* const entry = entry_of(key);
    if (entry == nullptr) return {.outcome = fail(Fault::kBusy), .waiter = {}};
    const SteadyTime now = clock.steady_now();
    if (entry->is_fresh(now)) return {.outcome = entry->copy, .waiter = {}};
    if (entry->failure && now < entry->failed_until) {
      return {.outcome = std::unexpected(*entry->failure), .waiter = {}};
    }
    return join(*entry, executor);
  }

  Found find_newer(const std::string& key, std::uint64_t seen,
                   const net::any_io_executor& executor) {
    const std::lock_guard lock(mutex);
    Entry* const entry = entry_of(key);
    if (entry == nullptr) return {.outcome = fail(Fault::kBusy), .waiter = {}};
    const SteadyTime now = clock.steady_now();
    const bool has_newer = entry->is_fresh(now) && entry->copy.version != seen;
    if (has_newer) return {.outcome = entry->copy, .waiter = {}};
    if (entry->is_under_way()) return join(*entry, executor);
    if (entry->copy.text != nullptr && now < entry->renewable_at) {
      return {.outcome = entry->copy, .waiter = {}};
    }
    entry->renewable_at = now + kRenewalPause;
    return join(*entry, executor);
  }

  Result<Copy> keep(const std::string& key, Entry& entry, Result<Document> fetched) {
    const SteadyTime now = clock.steady_now();
    if (!fetched) {
      if (!entry.is_fresh(now)) {
        entry.failure = fetched.error();
        entry.failed_until = now + kFailureTime;
      }
      return std::unexpected(std::move(fetched).error());
    }
    if (entry.copy.text != nullptr) bytes -= entry.copy.text->size();
    entry.copy = {std::make_shared<const std::string>(std::move(fetched->text)), ++versions};
    entry.fresh_until = now + fetched->fresh_time;
    entry.failure.reset();
    bytes += entry.copy.text->size();
    while (bytes > limits.bytes_max && drop_one(key)) {
    }
    return entry.copy;
  }

  void settle(const std::string& key, Result<Document> fetched) {
    const std::lock_guard lock(mutex);
    const auto found = entries.find(key);
    if (found == entries.end()) return;  // so late that it was forgotten
    Entry& entry = found->second;
    const Result<Copy> outcome = keep(key, entry, std::move(fetched));
    entry.fetched_by = SteadyTime::min();
    for (const auto& waiter : std::exchange(entry.waiting, {})) {
      waiter->outcome = outcome;
      // Under the mutex: a registered waiter's context is alive, because its end unregisters the
      // waiter.
      net::post(waiter->timer.get_executor(), [waiter] { waiter->timer.cancel(); });
    }
  }

  const Clock& clock;
  const CacheLimits limits;
  std::mutex mutex;
  std::unordered_map<std::string, Entry> entries;
  std::size_t bytes = 0;
  std::uint64_t uses = 0;
  std::uint64_t versions = 0;
};

/// Keeps a waiter in its entry as long as its coroutine lives.
class DocumentCache::Registration {
 public:
  Registration(std::shared_ptr<State> state, std::string key, std::shared_ptr<Waiter> waiter)
      : state_(std::move(state)), key_(std::move(key)), waiter_(std::move(waiter)) {}
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->entries.find(key_);
    if (found != state_->entries.end()) std::erase(found->second.waiting, waiter_);
  }

 private:
  std::shared_ptr<State> state_;
  std::string key_;
  std::shared_ptr<Waiter> waiter_;
};

DocumentCache::DocumentCache(const Clock& clock, CacheLimits limits)
    : state_(std::make_shared<State>(clock, limits)) {}

Awaitable<void> DocumentCache::run(std::shared_ptr<State> state, std::string key, Fetch fetch) {
  auto fetching = fetch();
  Result<Document> fetched = co_await std::move(fetching);
  state->settle(key, std::move(fetched));
}

/// The fetch is started outside of the lock: it may end before it is suspended even once.
Task<DocumentCache::Copy> DocumentCache::obtain(std::shared_ptr<State> state, std::string key,
                                                Found found, Fetch fetch) {
  if (found.outcome) co_return *std::move(found.outcome);
  const std::shared_ptr<Waiter> waiter = found.waiter;
  const Registration registration(state, key, waiter);
  if (found.starts) {
    runtime::spawn_logged(waiter->timer.get_executor(), run(state, key, std::move(fetch)),
                          "oidc document");
  }
  co_await waiter->timer.async_wait(use_result);
  const std::lock_guard lock(state->mutex);
  if (!waiter->outcome) co_return fail(Fault::kTimeout);
  co_return *std::move(waiter->outcome);
}

Task<DocumentCache::Copy> DocumentCache::get(std::string key, Fetch fetch) {
  Found found = state_->find(key, co_await net::this_coro::executor);
  auto obtained = obtain(state_, std::move(key), std::move(found), std::move(fetch));
  co_return co_await std::move(obtained);
}

Task<DocumentCache::Copy> DocumentCache::renew(std::string key, std::uint64_t seen, Fetch fetch) {
  Found found = state_->find_newer(key, seen, co_await net::this_coro::executor);
  auto obtained = obtain(state_, std::move(key), std::move(found), std::move(fetch));
  co_return co_await std::move(obtained);
}

}  // namespace flowsell::oidc
