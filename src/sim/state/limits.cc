#include "state/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace flowsell::sim {
namespace {

constexpr std::chrono::milliseconds kPairPace{6'000};  ///< one message takes so long
constexpr int kPairBurst = 45;
constexpr std::chrono::hours kDay{24};

constexpr auto kTiers = std::to_array<std::pair<std::string_view, std::int64_t>>(
    {{"TIER_250", 250}, {"TIER_2K", 2'000}, {"TIER_10K", 10'000}, {"TIER_100K", 100'000}});

}  // namespace

std::int64_t people_of_tier(std::string_view tier) noexcept {
  for (const auto& [name, people] : kTiers) {
    if (name == tier) return people;
  }
  return 0;
}

Checked<> Limits::admit(const Sender& sender, std::string_view person, Time now) {
  const std::lock_guard lock(mutex_);
  auto& second = seconds_[sender.number];
  const auto this_second = to_unix_ms(now) / 1000;
  if (second.second != this_second) second = {this_second, 0};
  if (second.count >= sender.per_second_max) return refuse(130429, "");
  auto& until = pairs_[fmt::format("{}:{}", sender.number, person)];
  const auto from = std::max(until, now);
  if (from - now > kPairPace * (kPairBurst - 1)) return refuse(131056, "");
  until = from + kPairPace;
  ++second.count;
  return {};
}

void Limits::set_portfolio(std::size_t number, std::string_view business_id,
                           std::int64_t people_max) {
  const std::lock_guard lock(mutex_);
  portfolio_of_[number] = business_id;
  portfolios_[std::string(business_id)].people_max = people_max;
}

bool Limits::admit_person(std::size_t number, std::string_view person, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = portfolio_of_.find(number);
  if (found == portfolio_of_.end()) return true;
  auto& portfolio = portfolios_[found->second];
  if (portfolio.people_max == 0) return true;
  auto& people = portfolio.people;
  const auto is_over = [&](const auto& one) { return one.second + kDay <= now; };
  const auto known = people.find(person);
  if (known == people.end() || is_over(*known)) {
    if (std::ssize(people) >= portfolio.people_max) std::erase_if(people, is_over);
    if (std::ssize(people) >= portfolio.people_max) return false;
  }
  people.insert_or_assign(std::string(person), now);
  return true;
}

std::int64_t Limits::count_call(std::string_view account_id, std::int64_t calls_max, Time now) {
  const std::lock_guard lock(mutex_);
  auto& hour = hours_[std::string(account_id)];
  const auto this_hour = to_unix_ms(now) / 3'600'000;
  if (hour.second != this_hour) hour = {this_hour, 0};
  ++hour.count;
  return (hour.count * 100 + calls_max - 1) / calls_max;
}

void Limits::clear() {
  const std::lock_guard lock(mutex_);
  pairs_.clear();
  seconds_.clear();
  hours_.clear();
  for (auto& [id, portfolio] : portfolios_) portfolio.people.clear();
}

}  // namespace flowsell::sim
