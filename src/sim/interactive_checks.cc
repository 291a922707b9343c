#include "interactive_checks.h"

#include <algorithm>
#include <array>

#include "message_checks.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kHeaderMax = 60;
constexpr std::size_t kFooterMax = 60;

enum class Header : std::uint8_t { kNone, kText, kTextRequired, kImage, kAny };

/// What Meta takes around the action of each kind.
struct Kind {
  std::string_view type;
  Header header;
  bool body_required;
  std::size_t body_max;
  bool footer;
};

constexpr auto kKinds = std::to_array<Kind>({
    {"button", Header::kAny, true, 1024, true},
    {"list", Header::kText, true, 4096, true},
    {"cta_url", Header::kAny, true, 1024, true},
    {"location_request_message", Header::kNone, true, 1024, false},
    {"address_message", Header::kText, true, 1024, true},
    {"product", Header::kNone, false, 1024, true},
    {"product_list", Header::kTextRequired, true, 1024, true},
    {"catalog_message", Header::kNone, true, 1024, true},
    {"flow", Header::kAny, true, 1024, true},
    {"carousel", Header::kNone, true, 1024, false},
    {"voice_call", Header::kNone, true, 1024, false},
    {"call_permission_request", Header::kNone, false, 1024, false},
    {"contact_request", Header::kNone, true, 1024, false},
    {"request_contact_info", Header::kNone, true, 1024, false},
    {"order_details", Header::kImage, true, 1024, true},
    {"order_status", Header::kNone, true, 1024, true},
});

Checked<> check_header(const Fields& interactive, Header allowed) {
  if (!interactive.find("header")) {
    if (allowed == Header::kTextRequired) return interactive.missing("header");
    return {};
  }
  if (allowed == Header::kNone) return interactive.wrong("header", "is not taken by this type");
  TRY(auto header, interactive.object("header"));
  TRY(auto type, header.choice("type", {"text", "image", "video", "document"}));
  const bool fits =
      allowed == Header::kAny ||
      (type == "text" ? allowed != Header::kImage : allowed == Header::kImage && type == "image");
  if (!fits) return header.wrong("type", "is not a type that this header can have");
  if (type == "text") {
    CHECK_OK(header.text("text", {.max = kHeaderMax}));
    return {};
  }
  TRY(auto media, header.object(type));
  CHECK_OK(media.only({"id", "link", "filename", "provider"}));
  return check_media_source(media);
}

Checked<> check_words(const Fields& interactive, std::string_view name, std::size_t max) {
  TRY(auto words, interactive.object(name));
  CHECK_OK(words.only({"text"}));
  CHECK_OK(words.text("text", {.max = max}));
  return {};
}

Checked<> check_frame(const Fields& interactive, const Kind& kind) {
  CHECK_OK(interactive.only({"type", "header", "body", "footer", "action"}));
  CHECK_OK(check_header(interactive, kind.header));
  if (interactive.find("body") || kind.body_required)
    CHECK_OK(check_words(interactive, "body", kind.body_max));
  if (!interactive.find("footer")) return {};
  if (!kind.footer) return interactive.wrong("footer", "is not taken by this type");
  return check_words(interactive, "footer", kFooterMax);
}

}  // namespace

Checked<> check_interactive(const Fields& message) {
  TRY(auto interactive, message.object("interactive"));
  TRY(auto type, interactive.text("type", {}));
  const auto* kind = std::ranges::find(kKinds, type, &Kind::type);
  if (kind == kKinds.end())
    return interactive.wrong("type", "is not a kind of interactive message");
  CHECK_OK(check_frame(interactive, *kind));
  TRY(auto action, interactive.object("action"));
  return check_action(action, type);
}

}  // namespace flowsell::sim
