#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "channel/body.h"
#include "json/reader.h"

namespace flowsell::channel {

/// What reading a body finds beside the body itself.
struct Findings {
  std::vector<FieldError>& faults;
  std::vector<MediaReference>& media;  ///< our media ids, in the order of the request
};

/// One kind of message: its name in the API and how its value is read.
struct Kind {
  std::string_view name;
  /// Reads the value under the key `name`; `pointer` is its place. nullopt only after a fault.
  std::optional<Body> (*parse)(const json::Value& value, std::string pointer, Findings& findings);
};

/// All kinds, in the order of Body's alternatives (message.cc).
std::span<const Kind> kinds() noexcept;

std::optional<Body> parse_text(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_image(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_video(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_audio(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_document(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_sticker(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_location(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_contacts(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_reaction(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_interactive(const json::Value&, std::string pointer, Findings&);
std::optional<Body> parse_template(const json::Value&, std::string pointer, Findings&);

}  // namespace flowsell::channel
