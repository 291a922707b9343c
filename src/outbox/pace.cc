#include "outbox/pace.h"

#include <algorithm>
#include <cmath>

namespace flowsell::outbox {
namespace {

using namespace std::chrono_literals;

constexpr double kBlockSeconds = 0.1;
constexpr std::chrono::seconds kPairInterval{6};
constexpr int kPairBurst = 45;

}  // namespace

Pace::Pace(double per_second) {
  if (per_second <= 0) return;
  interval_ = std::chrono::nanoseconds(std::llround(1e9 / per_second));
  // Rounded up, but for the error of the product: a block that is too small would make 15 a
  // second 10.
  const auto burst = std::max(1.0, std::ceil(per_second * kBlockSeconds - 1e-6));
  tolerance_ = interval_ * std::llround(burst - 1);
}

std::size_t Pace::available(SteadyTime now) const {
  if (unlimited()) return SIZE_MAX;
  const auto room = now + tolerance_ - next_;
  if (room < 0ns) return 0;
  return std::min(static_cast<std::size_t>(room / interval_) + 1,
                  static_cast<std::size_t>(tolerance_ / interval_) + 1);
}

void Pace::take(SteadyTime now) {
  if (!unlimited()) next_ = std::max(next_, now) + interval_;
}

SteadyTime Pace::next_block(SteadyTime now) const {
  // A whole block at a time: one commit claims about 100 ms of pace, not one message.
  return std::max(now, next_);
}

SteadyTime PairLimit::allowed_at(Lane lane, SteadyTime now) const {
  const auto found = debts_.find(lane);
  if (found == debts_.end()) return now;
  return found->second - kPairInterval * (kPairBurst - 1);
}

void PairLimit::take(Lane lane, SteadyTime now) {
  forget_paid(now);
  auto& debt = debts_[lane];
  debt = std::max(debt, now) + kPairInterval;
}

void PairLimit::forget_paid(SteadyTime now) {
  if (now < next_cleanup_) return;
  next_cleanup_ = now + kPairInterval;
  boost::unordered::erase_if(debts_, [now](const auto& entry) { return entry.second <= now; });
}

std::chrono::milliseconds backoff(int attempt, std::chrono::milliseconds longest,
                                  double unit_random, int base) {
  const double steps = std::clamp(attempt - 1, 0, 30);
  const double plain =
      std::min(1000.0 * std::pow(base, steps), static_cast<double>(longest.count()));
  return std::chrono::milliseconds(std::llround(plain * (0.8 + 0.4 * unit_random)));
}

}  // namespace flowsell::outbox
