#include "world.h"

#include <algorithm>
#include <mutex>

namespace flowsell::sim {
namespace {

/// The number that is greater by `n`, in as many digits.
std::string later(std::string digits, std::size_t n) {
  for (auto at = digits.rbegin(); at != digits.rend() && n > 0; ++at) {
    n += static_cast<std::size_t>(*at - '0');
    *at = static_cast<char>('0' + n % 10);
    n /= 10;
  }
  return digits;
}

}  // namespace

std::vector<SimNumber> consecutive_numbers(const SimNumber& first, std::size_t count) {
  std::vector<SimNumber> numbers;
  numbers.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    numbers.push_back({later(first.waba_id, i), later(first.phone_number_id, i),
                       later(first.display_phone_number, i)});
  return numbers;
}

World::World(SimulatorOptions simulator_options)
    : options(std::move(simulator_options)),
      tokens(options.access_token, options.app_id),
      log(options.messages_kept_max) {
  constexpr std::size_t kLaterNumbersMax = 4096;
  if (options.numbers.empty()) options.numbers.emplace_back();
  options.numbers.reserve(
      std::min(options.numbers.size() + kLaterNumbersMax, NumberStates::kNumbersMax));
  for (std::size_t i = 0; i < options.numbers.size(); ++i)
    index_.emplace(options.numbers[i].phone_number_id, i);
  settings.send_statuses = options.send_statuses;
  settings.batching = options.batch_webhooks;
  settings.sent_after_ms = options.sent_after.count();
  settings.delivered_after_ms = options.delivered_after.count();
  settings.read_after_ms = options.read_after.count();
  settings.retry_after_ms = options.webhook_retry_after.count();
}

std::size_t World::find_number(std::string_view phone_number_id) const noexcept {
  if (const auto known = index_.find(phone_number_id); known != index_.end()) return known->second;
  const std::shared_lock lock(mutex_);
  const auto found = later_.find(phone_number_id);
  return found == later_.end() ? kNoNumber : found->second;
}

std::size_t World::add_number(SimNumber number) {
  const std::unique_lock lock(mutex_);
  auto& all = options.numbers;
  if (all.size() == all.capacity()) return kNoNumber;  // it must not move: readers have no lock
  later_.emplace(number.phone_number_id, all.size());
  all.push_back(std::move(number));
  return all.size() - 1;
}

std::size_t World::place_of_account(std::string_view waba_id) {
  const std::unique_lock lock(mutex_);
  const auto found = account_places_.find(waba_id);
  if (found != account_places_.end()) return found->second;
  auto& all = options.numbers;
  if (all.size() == all.capacity()) return kNoNumber;
  all.push_back({std::string(waba_id), "", ""});
  account_places_.emplace(std::string(waba_id), all.size() - 1);
  return all.size() - 1;
}

}  // namespace flowsell::sim
