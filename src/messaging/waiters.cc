#include "messaging/waiters.h"

#include <boost/asio/post.hpp>

namespace flowsell::messaging {

Waiters::Wait::Wait(Waiters& waiters, MessageId id, const net::any_io_executor& executor)
    : waiters_(waiters), id_(id), state_(std::make_shared<State>(executor)) {
  const std::lock_guard lock(waiters_.mutex_);
  waiters_.waiting_.emplace(id_, state_);
  ++waiters_.count_;
}

Waiters::Wait::~Wait() {
  const std::lock_guard lock(waiters_.mutex_);
  const auto [first, last] = waiters_.waiting_.equal_range(id_);
  for (auto it = first; it != last; ++it) {
    if (it->second != state_) continue;
    waiters_.waiting_.erase(it);
    --waiters_.count_;
    return;
  }
}

Awaitable<bool> Waiters::Wait::until(SteadyTime end) {
  if (state_->settled || waiters_.given_up_) co_return state_->settled;
  state_->timer.expires_at(end);
  co_await state_->timer.async_wait(use_result);
  co_return state_->settled;
}

void Waiters::notify(const MessageId& id, const std::string& detail) {
  if (count_.load() == 0) return;
  std::vector<std::shared_ptr<Wait::State>> states;
  {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = waiting_.equal_range(id);
    for (auto it = first; it != last; ++it) states.push_back(it->second);
  }
  for (auto& state : states) {
    auto executor = state->timer.get_executor();
    net::post(executor, [state = std::move(state), detail] {
      state->settled = true;
      state->detail = detail;
      state->timer.cancel();
    });
  }
}

void Waiters::give_up() {
  given_up_ = true;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, state] : waiting_) {
    net::post(state->timer.get_executor(), [state] { state->timer.cancel(); });
  }
}

}  // namespace flowsell::messaging
