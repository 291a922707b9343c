#include "channel/sender_state.h"

#include <algorithm>
#include <array>

namespace flowsell::channel {
namespace {

void take(std::string& into, const std::string& news) {
  if (!news.empty()) into = news;
}
void take(std::optional<bool>& into, const std::optional<bool>& news) {
  if (news) into = news;
}

struct Tier {
  std::string_view name;
  std::optional<std::int64_t> people;
};
constexpr std::array kTiers = {
    Tier{"tier_50", 50},        Tier{"tier_250", 250},    Tier{"tier_1k", 1'000},
    Tier{"tier_2k", 2'000},     Tier{"tier_10k", 10'000}, Tier{"tier_100k", 100'000},
    Tier{"tier_unlimited", {}},
};

}  // namespace

SenderState with_news(SenderState state, const SenderState& news) {
  take(state.address, news.address);
  take(state.display_number, news.display_number);
  take(state.name, news.name);
  take(state.name_status, news.name_status);
  take(state.requested_name, news.requested_name);
  take(state.requested_name_status, news.requested_name_status);
  take(state.status, news.status);
  take(state.quality, news.quality);
  take(state.throughput, news.throughput);
  take(state.verification, news.verification);
  take(state.platform, news.platform);
  take(state.account_mode, news.account_mode);
  take(state.messaging_limit, news.messaging_limit);
  take(state.is_official, news.is_official);
  take(state.has_pin, news.has_pin);
  take(state.is_on_app, news.is_on_app);
  return state;
}

std::optional<std::int64_t> messages_per_second(const SenderState& state) noexcept {
  if (state.is_on_app.value_or(false)) return 20;
  if (state.throughput == "high") return 1'000;
  if (state.throughput == "standard") return 80;
  return std::nullopt;
}

MessagingLimit messaging_limit_of(std::string_view tier) noexcept {
  const auto found = std::ranges::find(kTiers, tier, &Tier::name);
  if (found == kTiers.end()) return {};
  return {true, found->people};
}

}  // namespace flowsell::channel
