#include "preflight/rate_card.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "json/reader.h"

namespace flowsell::preflight {
namespace {

constexpr std::string_view kForm = "flowsell-rate-card/1";
constexpr std::size_t kFractionDigits = 6;
constexpr std::size_t kWholeDigitsMax = 4;
constexpr Micros kUnit = 1'000'000;
constexpr std::size_t kListsMax = 100;
constexpr std::size_t kRatesMax = 5'000;
constexpr std::size_t kTiersMax = 20;
constexpr std::size_t kMarketsMax = 300;
constexpr std::size_t kFileBytesMax = 8 << 20;

using Faults = std::vector<FieldError>;

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_capitals(std::string_view text, std::size_t size) {
  return text.size() == size &&
         std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string at(std::string_view pointer, std::size_t i) {
  return std::string(pointer).append("/").append(std::to_string(i));
}

/// Calls `read` with each element, which must be an object, and its reader.
template <class Read>
void each_of(json::ObjectReader& in, std::string_view name, std::size_t max, Read read) {
  const auto* array = in.array(name, 1, max);
  if (array == nullptr) {
    in.require(name);
    return;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    json::ObjectReader element((*array)[i], at(in.pointer_of(name), i), in.faults());
    read(element);
    element.finish();
  }
}

Micros read_price(json::ObjectReader& in) {
  const auto text = in.required_string("price");
  if (!text) return 0;
  if (const auto price = parse_price(*text)) return *price;
  in.fault("price", "invalid_format", "it is no price",
           "Write it as a text with a point and at most six digits after it: \"0.0107\".");
  return 0;
}

std::string read_country(json::ObjectReader& in, bool may_be_all) {
  const std::string country(in.required_string("country").value_or(""));
  if (country.empty() || is_capitals(country, 2) || (may_be_all && country == "*")) return country;
  in.fault("country", "invalid_format", "it is no country",
           may_be_all ? "Write two capital letters (ISO 3166), or \"*\" for all others."
                      : "Write two capital letters (ISO 3166).");
  return country;
}

std::vector<PriceTier> read_tiers(json::ObjectReader& in) {
  std::vector<PriceTier> tiers;
  if (in.find("tiers") == nullptr) return {{1, read_price(in)}};
  if (in.find("price") != nullptr)
    in.fault("price", "conflict", "a rate has a price or tiers", "Leave one of them out.");
  each_of(in, "tiers", kTiersMax, [&tiers](json::ObjectReader& tier) {
    const auto from = tier.integer("from", 1, INT64_MAX);
    if (!from) tier.require("from");
    const bool follows = tiers.empty() ? from == 1 : from > tiers.back().from;
    if (from && !follows)
      tier.fault("from", "invalid_value", "tiers begin at 1 and rise", "Sort them by from.");
    tiers.push_back({from.value_or(1), read_price(tier)});
  });
  return tiers;
}

Rate read_rate(json::ObjectReader& in) {
  Rate rate;
  rate.country = read_country(in, /*may_be_all=*/true);
  rate.category = in.required_string("category").value_or("");
  if (!rate.category.empty() &&
      std::ranges::find(kCategories, rate.category) == kCategories.end()) {
    in.fault("category", "invalid_value", "there is no such category",
             "Write marketing, utility, authentication, authentication_international or service.");
  }
  rate.tiers = read_tiers(in);
  return rate;
}

PriceList read_list(json::ObjectReader& in) {
  PriceList list;
  const std::string day(in.required_string("valid_from").value_or(""));
  const auto from = parse_time(day + "T00:00:00Z");
  if (from) list.valid_from = *from;
  if (!from && !day.empty())
    in.fault("valid_from", "invalid_format", "it is no day", "Write it as 2026-10-01.");
  list.currency = in.required_string("currency").value_or("");
  if (!list.currency.empty() && !is_capitals(list.currency, 3))
    in.fault("currency", "invalid_format", "it is no currency", "Write three capital letters.");
  std::set<std::pair<std::string, std::string>> known;
  each_of(in, "rates", kRatesMax, [&](json::ObjectReader& each) {
    Rate rate = read_rate(each);
    if (!known.emplace(rate.country, rate.category).second)
      each.fault("", "duplicate", "country and category have a rate already", "Leave one out.");
    list.rates.push_back(std::move(rate));
  });
  return list;
}

void read_market(json::ObjectReader& in, std::vector<std::pair<std::string, std::string>>& codes) {
  const std::string country = read_country(in, /*may_be_all=*/false);
  const auto* array = in.array("calling_codes", 1, kMarketsMax);
  if (array == nullptr) {
    in.require("calling_codes");
    return;
  }
  for (const auto& each : *array) {
    const auto code = each.is_string() ? std::string_view(each.get_string()) : std::string_view();
    if (!is_digits(code) || code.size() > 7) {
      in.fault("calling_codes", "invalid_format", "a calling code is 1 to 7 digits",
               "Write it as a text without \"+\": \"91\".");
    } else if (std::ranges::find(codes, code, &std::pair<std::string, std::string>::first) !=
               codes.end()) {
      in.fault("calling_codes", "duplicate", "another market has that calling code",
               "Leave it out of one of them.");
    } else {
      codes.emplace_back(code, country);
    }
  }
}

std::string told_in_one(std::string_view path, const Error& error) {
  std::string text = "the rate card " + std::string(path) + " can't be used: ";
  if (error.fields.empty()) return text + error.detail;
  for (const auto& fault : error.fields) {
    text += "\n  " + (fault.pointer.empty() ? std::string("/") : fault.pointer) + ": " +
            fault.detail + ". " + fault.fix;
  }
  return text;
}

}  // namespace

std::optional<Micros> parse_price(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == text.npos ? std::string_view() : text.substr(point + 1);
  if (!is_digits(whole) || whole.size() > kWholeDigitsMax) return std::nullopt;
  if (point != text.npos && (!is_digits(fraction) || fraction.size() > kFractionDigits))
    return std::nullopt;
  Micros amount = 0;
  for (const char c : whole) amount = amount * 10 + (c - '0');
  for (std::size_t i = 0; i < kFractionDigits; ++i)
    amount = amount * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return amount;
}

std::string format_amount(Micros amount) {
  std::string fraction = std::to_string(amount % kUnit);
  fraction.insert(0, kFractionDigits - fraction.size(), '0');
  return std::to_string(amount / kUnit) + "." + fraction;
}

Result<RateCard> RateCard::parse(std::string_view text) {
  TRY(const auto document, json::parse(text, {.bytes_max = kFileBytesMax, .depth_max = 8}));
  Faults faults;
  RateCard card;
  json::ObjectReader in(document.root(), "", faults);
  const auto form = in.required_string("form");
  if (form && *form != kForm) {
    in.fault("form", "invalid_value", "the file has another form",
             "Write \"" + std::string(kForm) + "\".");
  }
  each_of(in, "markets", kMarketsMax,
          [&card](json::ObjectReader& each) { read_market(each, card.codes_); });
  each_of(in, "lists", kListsMax,
          [&card](json::ObjectReader& each) { card.lists_.push_back(read_list(each)); });
  in.finish();
  CHECK_OK(json::as_result(std::move(faults)));
  std::ranges::sort(card.lists_, std::greater<>{}, &PriceList::valid_from);
  return card;
}

Result<RateCard> RateCard::load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) return fail(ErrorCode::kInvalidRequest, "the rate card " + path + " can't be read");
  auto card = parse(text);
  if (!card) return fail(ErrorCode::kInvalidRequest, told_in_one(path, card.error()));
  return card;
}

const PriceList* RateCard::at(Time now) const {
  const auto found =
      std::ranges::find_if(lists_, [now](const PriceList& list) { return list.valid_from <= now; });
  return found == lists_.end() ? nullptr : &*found;
}

std::string RateCard::country_of(std::string_view number) const {
  if (!number.starts_with('+')) return {};
  const auto digits = number.substr(1);
  std::string_view best_code;
  std::string best;
  for (const auto& [code, country] : codes_) {
    if (!digits.starts_with(code) || code.size() <= best_code.size()) continue;
    best_code = code;
    best = country;
  }
  return best;
}

const Rate* rate_of(const PriceList& list, std::string_view country, std::string_view category) {
  for (const auto wanted : {country, std::string_view("*")}) {
    const auto found = std::ranges::find_if(list.rates, [&](const Rate& rate) {
      return rate.country == wanted && rate.category == category;
    });
    if (found != list.rates.end()) return &*found;
  }
  return nullptr;
}

Micros cost_of(const Rate& rate, std::int64_t before, std::int64_t count) {
  Micros cost = 0;
  const std::int64_t last = before + count;
  for (std::size_t i = 0; i < rate.tiers.size(); ++i) {
    const std::int64_t first = std::max(rate.tiers[i].from, before + 1);
    const std::int64_t end = i + 1 < rate.tiers.size() ? rate.tiers[i + 1].from - 1 : last;
    cost += std::max<std::int64_t>(std::min(end, last) - first + 1, 0) * rate.tiers[i].price;
  }
  return cost;
}

}  // namespace flowsell::preflight
