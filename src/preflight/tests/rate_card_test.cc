#include "preflight/rate_card.h"

#include <gtest/gtest.h>

namespace flowsell::preflight {
namespace {

constexpr const char* kCard = R"({
  "form": "flowsell-rate-card/1",
  "markets": [
    {"country": "IN", "calling_codes": ["91"]},
    {"country": "US", "calling_codes": ["1"]},
    {"country": "DO", "calling_codes": ["1809", "1829"]}
  ],
  "lists": [
    {"valid_from": "2026-07-01", "currency": "USD",
     "rates": [{"country": "*", "category": "utility", "price": "0.5"}]},
    {"valid_from": "2026-10-01", "currency": "USD", "rates": [
      {"country": "IN", "category": "utility",
       "tiers": [{"from": 1, "price": "0.0014"}, {"from": 101, "price": "0.001"},
                 {"from": 201, "price": "0.0005"}]},
      {"country": "*", "category": "utility", "price": "0.25"}]}
  ]
})";

Time day(const char* text) { return parse_time(std::string(text) + "T00:00:00Z").value(); }

struct PriceCase {
  const char* name;
  const char* text;
  std::optional<Micros> price;
};
class Price : public testing::TestWithParam<PriceCase> {};

TEST_P(Price, IsReadWithoutLosingADigit) {
  EXPECT_EQ(parse_price(GetParam().text), GetParam().price);
}

constexpr PriceCase kPriceCases[] = {
    {"Whole", "12", 12'000'000},
    {"Fraction", "0.0107", 10'700},
    {"SixDigits", "0.000001", 1},
    {"SevenDigits", "0.0000001", std::nullopt},
    {"Highest", "9999.999999", 9'999'999'999},
    {"TooHigh", "10000", std::nullopt},
    {"Zero", "0", 0},
    {"NoWhole", ".5", std::nullopt},
    {"NoFraction", "1.", std::nullopt},
    {"Sign", "-1", std::nullopt},
    {"Exponent", "1e3", std::nullopt},
    {"Comma", "1,5", std::nullopt},
    {"Empty", "", std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(Table, Price, testing::ValuesIn(kPriceCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Amount, HasAlwaysSixDigitsOfFraction) {
  EXPECT_EQ(format_amount(0), "0.000000");
  EXPECT_EQ(format_amount(12'345'600), "12.345600");
  EXPECT_EQ(format_amount(7), "0.000007");
}

TEST(RateCardLists, LatestThatIsGoodHolds) {
  const auto card = RateCard::parse(kCard);
  ASSERT_TRUE(card);
  EXPECT_EQ(card->at(day("2026-06-30")), nullptr);
  EXPECT_EQ(card->at(day("2026-09-30"))->valid_from, day("2026-07-01"));
  EXPECT_EQ(card->at(day("2026-10-01"))->valid_from, day("2026-10-01"));
}

TEST(RateCardLists, CountryWithoutARateOfItsOwnHasThatOfAllOthers) {
  const auto card = RateCard::parse(kCard);
  ASSERT_TRUE(card);
  const auto& list = *card->at(day("2026-11-01"));
  EXPECT_EQ(rate_of(list, "IN", "utility")->tiers.size(), 3U);
  EXPECT_EQ(rate_of(list, "DE", "utility")->tiers.at(0).price, 250'000);
  EXPECT_EQ(rate_of(list, "DE", "marketing"), nullptr);
}

TEST(RateCardMarkets, LongestCallingCodeSaysTheCountry) {
  const auto card = RateCard::parse(kCard);
  ASSERT_TRUE(card);
  EXPECT_EQ(card->country_of("+919876543210"), "IN");
  EXPECT_EQ(card->country_of("+14155550123"), "US");
  EXPECT_EQ(card->country_of("+18095550123"), "DO");
  EXPECT_EQ(card->country_of("+4915155500001"), "");
  EXPECT_EQ(card->country_of("US.13491208655302741918"), "");
}

struct CostCase {
  const char* name;
  std::int64_t before, count;
  Micros cost;
};
class Cost : public testing::TestWithParam<CostCase> {};

TEST_P(Cost, GoesThroughTheTiers) {
  const auto card = RateCard::parse(kCard);
  ASSERT_TRUE(card);
  const auto* rate = rate_of(*card->at(day("2026-11-01")), "IN", "utility");
  EXPECT_EQ(cost_of(*rate, GetParam().before, GetParam().count), GetParam().cost);
}

constexpr CostCase kCostCases[] = {
    {"Nothing", 0, 0, 0},
    {"First", 0, 1, 1'400},
    {"WholeTier", 0, 100, 140'000},
    {"OneMore", 0, 101, 141'000},
    {"AllTiers", 0, 250, 140'000 + 100'000 + 25'000},
    {"FromTheMiddle", 150, 100, 50'000 + 25'000},
    {"AboveAll", 1'000, 10, 5'000},
};
INSTANTIATE_TEST_SUITE_P(Table, Cost, testing::ValuesIn(kCostCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(CostOfTheLargestBatch, Fits) {
  const Rate rate{"*", "marketing", {{1, 9'999'999'999}}};
  EXPECT_EQ(cost_of(rate, 0, kCountMax), 999'999'999'900'000'000);
}

// --- files that are wrong ---

std::string with(const std::string& from, const std::string& to) {
  std::string text = kCard;
  const auto at = text.find(from);
  EXPECT_NE(at, text.npos);
  return text.replace(at, from.size(), to);
}

struct FaultCase {
  const char* name;
  const char* from;
  const char* to;
  const char* pointer;
};
class RateCardFault : public testing::TestWithParam<FaultCase> {};

TEST_P(RateCardFault, IsToldWithItsPlace) {
  const auto card = RateCard::parse(with(GetParam().from, GetParam().to));
  ASSERT_FALSE(card);
  EXPECT_EQ(card.error().fields.at(0).pointer, GetParam().pointer);
}

constexpr FaultCase kFaultCases[] = {
    {"OtherForm", "rate-card/1", "rate-card/2", "/form"},
    {"Currency", "\"USD\"", "\"usd\"", "/lists/0/currency"},
    {"Day", "2026-07-01", "01.07.2026", "/lists/0/valid_from"},
    {"Country", "\"country\": \"IN\", \"calling", "\"country\": \"in\", \"calling",
     "/markets/0/country"},
    {"Category", "\"utility\", \"price\": \"0.5\"", "\"spam\", \"price\": \"0.5\"",
     "/lists/0/rates/0/category"},
    {"PriceAsANumber", "\"0.5\"", "0.5", "/lists/0/rates/0/price"},
    {"PriceThatIsNone", "\"0.5\"", "\"half\"", "/lists/0/rates/0/price"},
    {"NoPrice", ", \"price\": \"0.5\"", "", "/lists/0/rates/0/price"},
    {"TiersThatFall", "\"from\": 201", "\"from\": 50", "/lists/1/rates/0/tiers/2/from"},
    {"TiersFromTwo", "\"from\": 1,", "\"from\": 2,", "/lists/1/rates/0/tiers/0/from"},
    {"RateTwice", "\"country\": \"*\", \"category\": \"utility\", \"price\": \"0.25\"",
     "\"country\": \"IN\", \"category\": \"utility\", \"price\": \"0.25\"", "/lists/1/rates/1"},
    {"CallingCode", "\"91\"", "\"+91\"", "/markets/0/calling_codes"},
    {"CallingCodeTwice", "\"91\"", "\"1\"", "/markets/1/calling_codes"},
    {"UnknownField", "\"form\":", "\"more\": 1, \"form\":", "/more"},
};
INSTANTIATE_TEST_SUITE_P(Table, RateCardFault, testing::ValuesIn(kFaultCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(RateCardFile, ThatIsNotThereIsNamed) {
  const auto card = RateCard::load("/nowhere/rates.json");
  ASSERT_FALSE(card);
  EXPECT_NE(card.error().detail.find("/nowhere/rates.json"), std::string::npos);
}

}  // namespace
}  // namespace flowsell::preflight
