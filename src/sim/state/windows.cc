#include "state/windows.h"

#include <fmt/format.h>

namespace flowsell::sim {
namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kFree{72};

}  // namespace

std::string Windows::key_of(std::size_t number, std::string_view person) {
  return fmt::format("{}:{}", number, person);
}

void Windows::open(std::size_t number, std::string_view person, Time at, bool by_ad) {
  auto key = key_of(number, person);
  auto& shard = shards_[std::hash<std::string>{}(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  auto& contact = shard.contacts[std::move(key)];
  contact.last = at;
  if (!by_ad) return;
  contact.by_ad = at;
  any_by_ad_ = true;
}

bool Windows::is_open(std::size_t number, std::string_view person, Time now) const {
  const auto key = key_of(number, person);
  const auto& shard = shards_[std::hash<std::string>{}(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.contacts.find(key);
  return found != shard.contacts.end() && now < found->second.last + kDay;
}

std::optional<Time> Windows::free_until(std::size_t number, std::string_view person, Time now) {
  if (!any_by_ad_.load(std::memory_order_relaxed)) return std::nullopt;
  const auto key = key_of(number, person);
  auto& shard = shards_[std::hash<std::string>{}(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.contacts.find(key);
  if (found == shard.contacts.end()) return std::nullopt;
  auto& contact = found->second;
  if (contact.by_ad != Time() && now < contact.by_ad + kDay) {
    contact.free_until = now + kFree;
    contact.by_ad = Time();
  }
  return now < contact.free_until ? std::optional(contact.free_until) : std::nullopt;
}

void Windows::clear() {
  any_by_ad_ = false;
  for (auto& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    shard.contacts.clear();
  }
}

}  // namespace flowsell::sim
