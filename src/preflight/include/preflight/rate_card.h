#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/time.h"

namespace flowsell::preflight {

/// An amount of money in millionths of a currency's unit: no fraction is ever lost.
using Micros = std::int64_t;

/// "0.0107" is 10,700. At most six digits of fraction, four before it; no sign. nullopt: it is
/// none.
std::optional<Micros> parse_price(std::string_view text);
/// "12.345600": always six digits of fraction.
std::string format_amount(Micros amount);

/// What a message may be charged as.
inline constexpr auto kCategories = std::to_array<std::string_view>(
    {"marketing", "utility", "authentication", "authentication_international", "service"});

/// What a message costs, from so many of a month on.
struct PriceTier {
  std::int64_t from = 1;  ///< the first message that has the price
  Micros price = 0;
};
struct Rate {
  std::string country;   ///< "IN"; "*": all that have none of their own
  std::string category;  ///< one of kCategories
  std::vector<PriceTier> tiers;
};
/// Prices that are good from a day on.
struct PriceList {
  Time valid_from;
  std::string currency;  ///< "USD"
  std::vector<Rate> rates;
};

/// What messages cost, as a file of the operator's says it. docs/whatsapp/limits.md has its form.
class RateCard {
 public:
  /// Strict: every fault is told, with its place as a JSON pointer. Fails with kInvalidRequest.
  static Result<RateCard> parse(std::string_view json);
  /// The same of a file; the detail names it, and holds all faults.
  static Result<RateCard> load(const std::string& path);

  /// The list that is good then; nullptr: none yet.
  const PriceList* at(Time now) const;
  /// The country of a number in E.164, by the longest calling code that it begins with; empty: not
  /// known.
  std::string country_of(std::string_view number) const;

 private:
  std::vector<PriceList> lists_;                            ///< latest first
  std::vector<std::pair<std::string, std::string>> codes_;  ///< calling code and country
};

/// The country's own rate, else the one of all others; nullptr: there is none.
const Rate* rate_of(const PriceList& list, std::string_view country, std::string_view category);

/// Of a whole batch: with prices below 10,000 its cost is below 2^63.
inline constexpr std::int64_t kCountMax = 100'000'000;
/// What `count` messages cost where the month has had `before` of them already.
Micros cost_of(const Rate& rate, std::int64_t before, std::int64_t count);

}  // namespace flowsell::preflight
