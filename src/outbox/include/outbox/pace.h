#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>

#include "core/time.h"
#include "outbox/job.h"

namespace flowsell::outbox {

/// A rate with a burst of a tenth of a second (at least one), by the generic cell rate algorithm:
/// no tick, no refill.
class Pace {
 public:
  explicit Pace(double per_second);
  /// How many may begin now.
  std::size_t available(SteadyTime now) const;
  void take(SteadyTime now);
  /// When the next one may begin, or a block of them, whichever is later worth waking up for.
  SteadyTime next_block(SteadyTime now) const;
  bool unlimited() const noexcept { return interval_.count() == 0; }

 private:
  std::chrono::nanoseconds interval_{0};
  std::chrono::nanoseconds tolerance_{0};
  SteadyTime next_{};  ///< the theoretical arrival time
};

/// WhatsApp's pair limit: one message each 6 seconds to one recipient, with 45 borrowed from the
/// future. Holds an entry for a recipient only until its debt is paid.
class PairLimit {
 public:
  /// The moment from which the lane may send; `now` or earlier when it may now.
  SteadyTime allowed_at(Lane lane, SteadyTime now) const;
  void take(Lane lane, SteadyTime now);
  std::size_t size() const noexcept { return debts_.size(); }

 private:
  void forget_paid(SteadyTime now);
  boost::unordered_flat_map<Lane, SteadyTime> debts_;
  SteadyTime next_cleanup_{};
};

/// When to try again: 1 s, 2 s, 4 s ... up to `longest`, each 20 % more or less.
std::chrono::milliseconds backoff(int attempt, std::chrono::milliseconds longest,
                                  double unit_random, int base = 2);

}  // namespace flowsell::outbox
