#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "channel/template.h"

namespace flowsell::channel {

// What a template needs of a message, as types: made of the provider's description by the channel
// (TemplateCalls::schema()), read by whoever checks, describes or shows a send. No provider's
// words are in it but those that people see.

/// One "{{name}}" of a text.
struct TemplateVariable {
  std::string name;  ///< "1", "first_name"
  std::size_t at = 0;
  std::size_t size = 0;  ///< with its braces
};

/// A text with variables.
struct TemplateText {
  std::string text;
  std::vector<TemplateVariable>
      variables;                      ///< in the order in which they stand; one may come twice
  std::vector<std::string> names;     ///< different ones, in the order of their parameters
  std::vector<std::string> examples;  ///< the provider's, one for each name, or fewer
  std::size_t length_max = 0;         ///< with its variables filled, in code points

  bool is_fixed() const noexcept { return names.empty(); }
};

/// Finds the variables of `text`. Positional ones stand in the order of their numbers.
TemplateText template_text(std::string text, std::size_t length_max, bool is_named);

/// The text with `values` in the places of its names; a name without a value stays as it is.
std::string fill(const TemplateText& text, const std::vector<std::string>& values);

enum class TemplateHeader : std::uint8_t {
  kNone,
  kText,
  kImage,
  kVideo,
  kDocument,
  kGif,
  kLocation,
  kProduct,
};
/// "text", "image", ...; empty of none.
std::string_view template_header_name(TemplateHeader header) noexcept;

struct TemplateButton {
  std::string type;                ///< "url", "quick_reply", "phone_number", ... as it is shown
  std::string label;               ///< may be empty: the provider's own
  std::optional<ButtonKind> kind;  ///< as a message names it; nullopt: none can
  enum class Need : std::uint8_t { kNothing, kOptional, kRequired } parameter = Need::kNothing;
  bool is_one_time_code = false;  ///< its parameter is the code of the body, once more
  TemplateText url;               ///< of a "url" button
  std::string flow_id;  ///< of a "flow" one: the provider's; empty: its description names none
  std::string detail;   ///< the number of a "phone_number" one, the example of a code
};

/// A message's parts, or a card's.
struct TemplateBlock {
  TemplateHeader header = TemplateHeader::kNone;
  TemplateText header_text;
  TemplateText body;  ///< empty: none
  std::string footer;
  std::vector<TemplateButton> buttons;
};

struct TemplateOffer {
  std::string text;
  bool expires = false;  ///< a message says when
};

struct TemplateSchema {
  bool is_named = false;
  bool needs_phone = false;  ///< nobody gets it who is known by a provider's user id alone
  std::optional<std::size_t> code_length_max = std::nullopt;  ///< of a one-time code's template
  TemplateBlock message;
  std::vector<TemplateBlock> cards;  ///< of a carousel
  std::optional<TemplateOffer> offer;
};

}  // namespace flowsell::channel
