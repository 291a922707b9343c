#include "checker.h"

#include <algorithm>
#include <utility>

#include "core/encoding.h"
#include "http/url.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::size_t kMediaIdMax = 256;
constexpr std::size_t kFilenameMax = 240;     // ours: WhatsApp names no limit
constexpr std::size_t kPlaceTextMax = 1'000;  // ours
constexpr std::size_t kSectionsMax = 10;
constexpr std::size_t kSectionTitleMax = 24;
constexpr std::size_t kProductsMax = 30;

std::string characters(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " character" : " characters");
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

}  // namespace

void Checker::fault(std::string at, std::string code, std::string detail, std::string fix) {
  faults_.push_back({std::move(at), std::move(code), std::move(detail), std::move(fix)});
}

void Checker::length(const std::string& at, std::string_view text, std::size_t min,
                     std::size_t max) {
  const std::size_t points = count_code_points(text);
  if (points > max) {
    fault(at, "too_long", "is longer than " + characters(max),
          "Shorten it to at most " + characters(max) + ".");
  } else if (points < min) {
    fault(at, "too_short", "must have at least " + characters(min),
          "Send a text that is not empty.");
  }
}

void Checker::link(const std::string& at, std::string_view text) {
  if (http::Url::parse(text)) return;
  fault(at, "invalid_format",
        "must be an absolute http or https URL of at most 2048 bytes, without user name, "
        "password and fragment",
        "Send a public URL that WhatsApp can fetch the file from.");
}

void Checker::unique(const std::string& at, std::string_view text, Seen& seen) {
  if (text.empty() || seen.insert(text).second) return;
  fault(at, "duplicate", "is the same as that of another one before it",
        "Make it unique in this message.");
}

void Checker::count(const std::string& at, std::size_t count, std::size_t min, std::size_t max,
                    std::string_view what) {
  const std::string range =
      "Send " + std::to_string(min) + " to " + std::to_string(max) + " " + std::string(what) + ".";
  if (count < min) {
    fault(at, count == 0 ? "required" : "too_few",
          count == 0 ? "must not be empty"
                     : "has fewer than " + std::to_string(min) + " " + std::string(what),
          range);
  } else if (count > max) {
    fault(at, "too_many", "has more than " + std::to_string(max) + " " + std::string(what), range);
  }
}

void Checker::card_index(const std::string& at, std::optional<std::int64_t> given,
                         std::size_t index, std::set<std::int64_t>& seen) {
  const auto place = given.value_or(static_cast<std::int64_t>(index));
  if (place >= static_cast<std::int64_t>(kCardsMax))
    fault(at + "/card_index", "out_of_range", "must be 0 to 9", "Count cards from 0.");
  if (!seen.insert(place).second)
    fault(at + "/card_index", "duplicate", "is the same as that of another card",
          "Count cards from 0, or leave the numbers out.");
}

void Checker::media(const std::string& at, const channel::Media& file) {
  if (!file.id.empty()) return length(at + "/id", file.id, 1, kMediaIdMax);
  link(at + "/link", file.link.reveal());
}

void Checker::header_media(const std::string& at, const channel::HeaderMedia& header) {
  const std::string object = at + "/" + std::string(channel::media_kind_name(header.kind));
  media(object, header.file);
  filename(object + "/filename", header.filename);
}

void Checker::filename(const std::string& at, const Content& name) {
  length(at, name.reveal(), 0, kFilenameMax);
  if (std::ranges::none_of(name.reveal(), is_control)) return;
  fault(at, "invalid_format", "must not have control characters", "Send a plain file name.");
}

void Checker::location(const std::string& at, const channel::Location& location) {
  const auto degrees = [&](std::string_view name, double value, double max) {
    if (value >= -max && value <= max) return;
    const std::string limit = std::to_string(static_cast<int>(max));
    fault(at + "/" + std::string(name), "out_of_range", "must be -" + limit + " to " + limit,
          "Send degrees, south and west as negative numbers.");
  };
  degrees("latitude", location.latitude, 90);
  degrees("longitude", location.longitude, 180);
  length(at + "/name", location.name.reveal(), 0, kPlaceTextMax);
  length(at + "/address", location.address.reveal(), 0, kPlaceTextMax);
}

void Checker::product(const std::string& at, const channel::Product& product) {
  length(at + "/catalog_id", product.catalog_id, 1, kCatalogIdMax);
  length(at + "/product_retailer_id", product.product_retailer_id, 1, kCatalogIdMax);
}

void Checker::product_sections(const std::string& at,
                               const std::vector<channel::ProductSection>& all) {
  count(at, all.size(), 1, kSectionsMax, "sections");
  std::size_t products = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string section = at + "/" + std::to_string(i);
    length(section + "/title", all[i].title.reveal(), all.size() > 1 ? 1 : 0, kSectionTitleMax);
    const auto& ids = all[i].product_retailer_ids;
    if (ids.empty())
      fault(section + "/product_items", "required", "needs at least 1 product",
            "Send 1 to 30 products in all.");
    for (std::size_t j = 0; j < ids.size(); ++j)
      length(section + "/product_items/" + std::to_string(j) + "/product_retailer_id", ids[j], 1,
             kCatalogIdMax);
    products += ids.size();
  }
  if (products > kProductsMax)
    fault(at, "too_many", "has more than 30 products in all", "Send 1 to 30 products in all.");
}

}  // namespace flowsell::whatsapp
