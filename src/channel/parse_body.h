#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "channel/message.h"
#include "json/reader.h"

namespace flowsell::channel {

/// One kind of message: its name in the API and how its object is read.
struct Kind {
  std::string_view name;
  /// Reads the object under the key `name`. Faults go to the reader; nullopt only after a fault.
  std::optional<Body> (*parse)(json::ObjectReader& in);
};

/// All kinds, in the order of Body's alternatives (message.cc).
std::span<const Kind> kinds() noexcept;

std::optional<Body> parse_text(json::ObjectReader& in);
std::optional<Body> parse_image(json::ObjectReader& in);
std::optional<Body> parse_document(json::ObjectReader& in);
std::optional<Body> parse_reaction(json::ObjectReader& in);
std::optional<Body> parse_interactive(json::ObjectReader& in);
std::optional<Body> parse_template(json::ObjectReader& in);

/// Reads a reference to another message: one of our ids, well-formed, or a provider's, opaque.
/// Empty after a fault.
std::string parse_message_reference(json::ObjectReader& in, std::string_view name);

}  // namespace flowsell::channel
