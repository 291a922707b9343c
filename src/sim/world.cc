#include "world.h"

#include <algorithm>

namespace flowsell::sim {

World::World(SimulatorOptions simulator_options)
    : options(std::move(simulator_options)), log(options.messages_kept_max) {
  if (options.numbers.empty()) options.numbers.emplace_back();
  settings.send_statuses = options.send_statuses;
  settings.batching = options.batch_webhooks;
  settings.sent_after_ms = options.sent_after.count();
  settings.delivered_after_ms = options.delivered_after.count();
  settings.read_after_ms = options.read_after.count();
  settings.retry_after_ms = options.webhook_retry_after.count();
}

std::size_t World::find_number(std::string_view phone_number_id) const noexcept {
  const auto found =
      std::ranges::find(options.numbers, phone_number_id, &SimNumber::phone_number_id);
  return static_cast<std::size_t>(found - options.numbers.begin());
}

}  // namespace flowsell::sim
