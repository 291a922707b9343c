#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/time.h"
#include "runtime/task.h"

namespace flowsell::oidc {

struct CacheLimits {
  std::size_t documents_max = 512;
  std::size_t bytes_max = std::size_t{16} << 20;
  std::chrono::milliseconds fetch_time_max{5'000};  ///< what a fetch needs at most
};

/// Texts that others publish, kept for a time. Callers who need the same one share one fetch, which
/// runs by itself: a caller who goes away takes nothing from the others. A failure is remembered
/// too, for 5 seconds, so that nobody's impatience falls on the publisher. Thread-safe.
class DocumentCache {
 public:
  /// What a fetch brings.
  struct Document {
    std::string text;
    std::chrono::seconds fresh_time{0};
  };
  struct Copy {
    std::shared_ptr<const std::string> text;  ///< shared with the cache and other callers
    std::uint64_t version = 0;                ///< grows with each fetch
  };
  using Fetch = std::function<Task<Document>()>;

  /// `clock` lives as long as the cache, and as long as its coroutines.
  DocumentCache(const Clock& clock, CacheLimits limits);

  /// What is fresh, or what `fetch` brings. Fails as `fetch`, with kTimeout, or with kBusy: as many
  /// fetches as documents are allowed are under way.
  Task<Copy> get(std::string key, Fetch fetch);
  /// The same for a caller whom version `seen` did not help: fetches although it is fresh, but once
  /// a minute at most for each key. In between it gives `seen` again. If the fetch fails, the old
  /// one stays for the others.
  Task<Copy> renew(std::string key, std::uint64_t seen, Fetch fetch);

 private:
  struct Waiter;
  struct Entry;
  struct Found;
  struct State;
  class Registration;
  static Awaitable<void> run(std::shared_ptr<State> state, std::string key, Fetch fetch);
  static Task<Copy> obtain(std::shared_ptr<State> state, std::string key, Found found, Fetch fetch);

  std::shared_ptr<State> state_;  ///< shared with suspended callers, which may be destroyed later
};

}  // namespace flowsell::oidc
