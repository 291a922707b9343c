#include "runtime/rounds.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "runtime/spawn.h"

namespace flowsell::runtime {

Rounds::Rounds(const net::any_io_executor& executor, std::string_view name,
               std::chrono::seconds pause, First first, std::function<Awaitable<void>()> round)
    : name_(name), pause_(pause), first_(first), round_(std::move(round)), timer_(executor) {}

void Rounds::start() {
  working_.begin();
  spawn_logged(timer_.get_executor(), run(), name_);
}

Awaitable<void> Rounds::run() {
  bool is_due = first_ == First::kAtOnce;
  while (!is_stopping_) {
    is_woken_ = false;
    next_pause_ = pause_;
    if (is_due) co_await round_();
    is_due = true;
    if (is_stopping_) break;
    if (is_woken_) continue;
    timer_.expires_after(next_pause_);
    co_await timer_.async_wait(use_result);
  }
  working_.end();
}

void Rounds::wake() {
  is_woken_ = true;
  working_.begin();
  net::post(timer_.get_executor(), [this] {
    timer_.cancel();
    working_.end();
  });
}

void Rounds::stop() {
  if (!is_stopping_.exchange(true)) wake();
}

}  // namespace flowsell::runtime
