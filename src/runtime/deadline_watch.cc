#include "runtime/deadline_watch.h"

#include <algorithm>
#include <utility>

namespace flowsell::runtime {

namespace {

/// Expiries within one step share a wake-up, so that ten thousand deadlines cost a hundred sweeps a
/// second at most.
constexpr std::chrono::milliseconds kStep{10};

SteadyTime round_up(SteadyTime at) {
  const auto since_epoch = at.time_since_epoch();
  if (since_epoch > SteadyTime::duration::max() - kStep) return at;
  const auto steps = (since_epoch + kStep - SteadyTime::duration(1)) / kStep;
  return SteadyTime(steps * kStep);
}

}  // namespace

Deadline::Deadline(DeadlineWatch& watch, std::function<void()> expired)
    : watch_(watch), expired_(std::move(expired)) {
  watch_.link(*this);
}

Deadline::~Deadline() { watch_.unlink(*this); }

void Deadline::set(SteadyTime at) {
  at_ = at;
  if (at < watch_.armed_at_) watch_.arm(at);
}

DeadlineWatch::DeadlineWatch(boost::asio::io_context& io) : timer_(io) {}

DeadlineWatch::~DeadlineWatch() { *alive_ = false; }

void DeadlineWatch::link(Deadline& deadline) {
  deadline.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &deadline;
  first_ = &deadline;
}

void DeadlineWatch::unlink(Deadline& deadline) noexcept {
  if (sweep_next_ == &deadline) sweep_next_ = deadline.next_;
  if (deadline.previous_ != nullptr) {
    deadline.previous_->next_ = deadline.next_;
  } else {
    first_ = deadline.next_;
  }
  if (deadline.next_ != nullptr) deadline.next_->previous_ = deadline.previous_;
}

void DeadlineWatch::arm(SteadyTime at) {
  const SteadyTime wake = round_up(at);
  if (wake >= armed_at_) return;
  armed_at_ = wake;
  timer_.expires_at(wake);
  // A wait that already ended can't be cancelled any more: its handler may run after the watch is
  // gone.
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) sweep();
  });
}

void DeadlineWatch::sweep() {
  armed_at_ = SteadyTime::max();
  const SteadyTime now = std::chrono::steady_clock::now();
  SteadyTime earliest = SteadyTime::max();
  for (Deadline* deadline = first_; deadline != nullptr; deadline = sweep_next_) {
    sweep_next_ = deadline->next_;
    if (deadline->at_ > now) {
      earliest = std::min(earliest, deadline->at_);
      continue;
    }
    deadline->clear();
    // A copy: what it calls may destroy the deadline, and the function with it.
    const std::function<void()> expired = deadline->expired_;
    expired();
  }
  sweep_next_ = nullptr;
  if (earliest < armed_at_) arm(earliest);
}

}  // namespace flowsell::runtime
