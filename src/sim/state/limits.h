#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/time.h"
#include "graph_error.h"
#include "text_map.h"

namespace flowsell::sim {

/// Meta's limits on sends, where the setting "limits" is on (reference/whatsapp.md, 3). In memory.
/// Thread-safe.
class Limits {
 public:
  struct Sender {
    std::size_t number = 0;
    int per_second_max = 80;
  };
  /// A message that passed every check: 131056 for one customer, 130429 for the number. What is
  /// refused does not count.
  Checked<> admit(const Sender& sender, std::string_view person, Time now);

  /// The portfolio of a number, and how many different people it may write to in 24 hours.
  void set_portfolio(std::size_t number, std::string_view business_id, std::int64_t people_max);
  /// A message outside of a window: whether the portfolio's limit still allows it. Counts it.
  bool admit_person(std::size_t number, std::string_view person, Time now);
  /// One more management call about an account in this hour; how many per cent of `calls_max` are
  /// used up with it.
  std::int64_t count_call(std::string_view account_id, std::int64_t calls_max, Time now);
  void clear();

 private:
  /// Of one customer: until when what was sent has used up its time.
  using Debts = std::unordered_map<std::string, Time>;
  /// A span of time and what came in it.
  struct Second {
    std::int64_t second = 0;
    int count = 0;
  };
  struct Portfolio {
    std::int64_t people_max = 0;
    TextMap<Time> people;  ///< when each was last written to
  };

  std::mutex mutex_;
  Debts pairs_;
  std::unordered_map<std::size_t, Second> seconds_;
  std::unordered_map<std::string, Second> hours_;  ///< management calls, by account
  std::unordered_map<std::string, Portfolio> portfolios_;
  std::unordered_map<std::size_t, std::string> portfolio_of_;
};

/// How many people a tier allows in 24 hours; 0: any number.
std::int64_t people_of_tier(std::string_view tier) noexcept;

}  // namespace flowsell::sim
