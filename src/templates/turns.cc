#include "turns.h"

#include <boost/asio/post.hpp>

namespace flowsell::templates {

Awaitable<std::optional<Turns::Turn>> Turns::enter(std::string key, SteadyTime end) {
  const auto executor = co_await net::this_coro::executor;
  auto waiting = std::make_shared<Waiting>(executor);
  {
    const std::lock_guard lock(mutex_);
    const auto [place, is_free] = taken_.try_emplace(key);
    if (!is_free) place->second.push_back(waiting);
    if (is_free) waiting.reset();
  }
  if (!waiting) co_return std::optional<Turn>(std::in_place, *this, std::move(key));
  waiting->timer.expires_at(end);
  co_await waiting->timer.async_wait(use_result);
  co_return std::nullopt;
}

void Turns::leave(const std::string& key) {
  std::vector<std::shared_ptr<Waiting>> all;
  {
    const std::lock_guard lock(mutex_);
    const auto place = taken_.find(key);
    if (place == taken_.end()) return;
    all = std::move(place->second);
    taken_.erase(place);
  }
  for (auto& each : all) {
    const auto executor = each->timer.get_executor();
    net::post(executor, [each = std::move(each)] { each->timer.cancel(); });
  }
}

}  // namespace flowsell::templates
