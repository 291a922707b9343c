#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "channel/body.h"
#include "core/error.h"

namespace flowsell::whatsapp {

inline constexpr std::size_t kCatalogIdMax = 256;  // ours
inline constexpr std::size_t kCallPayloadMax = 512;
inline constexpr std::size_t kFlowTokenMax = 1024;  // ours
inline constexpr std::size_t kCardsMin = 2;
inline constexpr std::size_t kCardsMax = 10;

/// Where texts that must differ have been seen.
using Seen = std::set<std::string_view>;

/// Collects what is wrong with a message. `at` is always the JSON pointer of what is looked at.
class Checker {
 public:
  void fault(std::string at, std::string code, std::string detail, std::string fix);

  /// In Unicode code points.
  void length(const std::string& at, std::string_view text, std::size_t min, std::size_t max);
  /// An absolute http or https URL.
  void link(const std::string& at, std::string_view text);
  /// Not the same as one before it.
  void unique(const std::string& at, std::string_view text, Seen& seen);
  /// `count` of the elements that `what` names ("buttons").
  void count(const std::string& at, std::size_t count, std::size_t min, std::size_t max,
             std::string_view what);

  /// Where a card says that it stands in its carousel; `at` is the card's place, `index` its place
  /// by the list.
  void card_index(const std::string& at, std::optional<std::int64_t> given, std::size_t index,
                  std::set<std::int64_t>& seen);

  /// The link of a file, or its id; `at` is the object's place.
  void media(const std::string& at, const channel::Media& file);
  void header_media(const std::string& at, const channel::HeaderMedia& header);
  void filename(const std::string& at, const Content& name);
  void location(const std::string& at, const channel::Location& location);
  void product(const std::string& at, const channel::Product& product);
  /// Sections of products: `at` is the list's place.
  void product_sections(const std::string& at, const std::vector<channel::ProductSection>& all);

  std::vector<FieldError> take() { return std::move(faults_); }

 private:
  std::vector<FieldError> faults_;
};

// Each checks what goes under the key of its kind.
void check_contacts(Checker& checker, const channel::Contacts& message);
void check_interactive(Checker& checker, const channel::Interactive& message);
void check_template(Checker& checker, const channel::Template& message);
/// What stands in the place of a template's variable: not empty, nothing that WhatsApp's policy for
/// characters forbids, and no variable that was left unfilled. Meta lists no such characters: these
/// are the ones that nobody can see.
void check_template_text(Checker& checker, const std::string& at, std::string_view text,
                         std::size_t max);
void check_currency(Checker& checker, const std::string& at, std::string_view code);
/// `at` is the place of their parameters.
void check_order_details(Checker& checker, const std::string& at,
                         const channel::OrderDetails& details);
void check_order_status(Checker& checker, const std::string& at,
                        const channel::OrderStatus& status);

/// A template whose button gives a one-time code.
bool gives_one_time_code(const channel::Template& message);

}  // namespace flowsell::whatsapp
