#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/id.h"
#include "runtime/task.h"

namespace flowsell::messaging {

/// Callers that hold an answer back until a message is settled (Prefer: wait). Thread-safe.
class Waiters {
 public:
  /// One caller's wait. Registered from its making to its end.
  class Wait {
   public:
    Wait(Waiters& waiters, MessageId id, const net::any_io_executor& executor);
    ~Wait();
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    /// Until the message is settled (true) or the time is over (false).
    Awaitable<bool> until(SteadyTime end);
    /// The provider's own words about the error, where there was one. After until().
    const std::string& detail() const noexcept { return state_->detail; }

   private:
    friend class Waiters;
    struct State {
      explicit State(const net::any_io_executor& executor) : timer(executor) {}
      net::steady_timer timer;  ///< touched on its executor only
      bool settled = false;
      std::string detail;
    };
    Waiters& waiters_;
    MessageId id_;
    std::shared_ptr<State> state_;  ///< shared with a notify() that is on its way
  };

  /// The message was settled.
  void notify(const MessageId& id, const std::string& detail);
  /// Every wait ends now, as if its time were over, and so does each that is begun later.
  void give_up();

 private:
  std::mutex mutex_;
  std::unordered_multimap<MessageId, std::shared_ptr<Wait::State>> waiting_;
  std::atomic<std::size_t> count_{0};
  std::atomic<bool> given_up_{false};
};

}  // namespace flowsell::messaging
