#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/time.h"
#include "runtime/task.h"

namespace flowsell::templates {

/// Lets one coroutine do what many want at once; the others wait for its end. Thread-safe.
class Turns {
 public:
  /// A turn is the caller's until this ends.
  class Turn {
   public:
    Turn(Turns& turns, std::string key) : turns_(&turns), key_(std::move(key)) {}
    Turn(Turn&& other) noexcept
        : turns_(std::exchange(other.turns_, nullptr)), key_(std::move(other.key_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->leave(key_);
    }

   private:
    Turns* turns_;
    std::string key_;
  };

  /// nullopt: somebody else's turn has ended meanwhile, or `end` has come.
  Awaitable<std::optional<Turn>> enter(std::string key, SteadyTime end);

 private:
  struct Waiting {
    explicit Waiting(const net::any_io_executor& executor) : timer(executor) {}
    net::steady_timer timer;  ///< touched on its executor only
  };
  void leave(const std::string& key);

  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Waiting>>> taken_;
};

}  // namespace flowsell::templates
