#include "interactive_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace flowsell::sim {
namespace {

constexpr std::size_t kHeaderMax = 60;
constexpr std::size_t kFooterMax = 60;
constexpr std::size_t kBodyMax = 1024;
constexpr std::size_t kListBodyMax = 4096;

/// Kinds of which only the frame is checked.
constexpr auto kOtherKinds = std::to_array<std::string_view>(
    {"location_request_message", "address_message", "product", "product_list", "catalog_message",
     "flow", "carousel", "voice_call", "call_permission_request", "contact_request",
     "request_contact_info", "order_details", "order_status"});

Checked<> check_header(const Fields& interactive, bool text_only) {
  if (!interactive.find("header")) return {};
  TRY(auto header, interactive.object("header"));
  TRY(auto type, header.text("type", {}));
  if (type == "text") {
    CHECK_OK(header.text("text", {.max = kHeaderMax}));
    return {};
  }
  const bool is_media = type == "image" || type == "video" || type == "document";
  if (!is_media || text_only)
    return header.wrong("type", "is not a type that this header can have");
  TRY(auto media, header.object(type));
  return check_media_source(media);
}

Checked<> check_frame(const Fields& interactive, std::string_view type) {
  CHECK_OK(interactive.only({"type", "header", "body", "footer", "action"}));
  CHECK_OK(check_header(interactive, type == "list" || type == "product_list"));
  const bool body_optional = type == "product" || type == "catalog_message";
  if (interactive.find("body") || !body_optional) {
    TRY(auto body, interactive.object("body"));
    CHECK_OK(body.only({"text"}));
    CHECK_OK(body.text("text", {.max = type == "list" ? kListBodyMax : kBodyMax}));
  }
  if (interactive.find("footer")) {
    TRY(auto footer, interactive.object("footer"));
    CHECK_OK(footer.only({"text"}));
    CHECK_OK(footer.text("text", {.max = kFooterMax}));
  }
  return {};
}

bool has_outer_space(std::string_view text) { return text.starts_with(' ') || text.ends_with(' '); }

Checked<> check_buttons(const Fields& action) {
  TRY(const auto* buttons, action.array("buttons", 1, 3));
  std::set<std::string_view> ids;
  std::set<std::string_view> titles;
  for (std::size_t i = 0; i < buttons->size(); ++i) {
    TRY(auto button,
        Fields::element((*buttons)[i], action.name_of("buttons") + fmt::format("[{}]", i)));
    CHECK_OK(button.only({"type", "reply"}));
    TRY(auto type, button.text("type", {}));
    if (type != "reply") return button.wrong("type", "must be reply");
    TRY(auto reply, button.object("reply"));
    CHECK_OK(reply.only({"id", "title"}));
    TRY(auto id, reply.text("id", {.max = 256}));
    TRY(auto title, reply.text("title", {.max = 20}));
    if (has_outer_space(id)) return reply.wrong("id", "must not begin or end with a space");
    if (!ids.insert(id).second) return reply.wrong("id", "is used by another button");
    if (!titles.insert(title).second) return reply.wrong("title", "is used by another button");
  }
  return {};
}

Checked<std::size_t> check_rows(const Fields& section, std::set<std::string_view>& ids) {
  constexpr std::size_t kRowsMax = 10;
  TRY(const auto* rows, section.array("rows", 1, kRowsMax));
  for (std::size_t i = 0; i < rows->size(); ++i) {
    TRY(auto row, Fields::element((*rows)[i], section.name_of("rows") + fmt::format("[{}]", i)));
    CHECK_OK(row.only({"id", "title", "description"}));
    TRY(auto id, row.text("id", {.max = 200}));
    CHECK_OK(row.text("title", {.max = 24}));
    CHECK_OK(row.optional_text("description", {.min = 0, .max = 72}));
    if (!ids.insert(id).second) return row.wrong("id", "is used by another row");
  }
  return rows->size();
}

Checked<> check_list(const Fields& action) {
  constexpr std::size_t kRowsInAllMax = 10;
  CHECK_OK(action.text("button", {.max = 20}));
  TRY(const auto* sections, action.array("sections", 1, 10));
  std::set<std::string_view> ids;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < sections->size(); ++i) {
    TRY(auto section,
        Fields::element((*sections)[i], action.name_of("sections") + fmt::format("[{}]", i)));
    CHECK_OK(section.only({"title", "rows"}));
    if (sections->size() > 1 && !section.find("title")) return section.missing("title");
    CHECK_OK(section.optional_text("title", {.min = 0, .max = 24}));
    TRY(auto in_section, check_rows(section, ids));
    rows += in_section;
  }
  if (rows > kRowsInAllMax)
    return action.wrong("sections", "must not have more than 10 rows in all");
  return {};
}

Checked<> check_cta_url(const Fields& action) {
  TRY(auto name, action.text("name", {}));
  if (name != "cta_url") return action.wrong("name", "must be cta_url");
  TRY(auto parameters, action.object("parameters"));
  CHECK_OK(parameters.only({"display_text", "url"}));
  CHECK_OK(parameters.text("display_text", {.max = 20}));
  CHECK_OK(parameters.link("url"));
  return {};
}

}  // namespace

Checked<> check_interactive(const Fields& message) {
  TRY(auto interactive, message.object("interactive"));
  TRY(auto type, interactive.text("type", {}));
  const bool known = type == "button" || type == "list" || type == "cta_url" ||
                     std::ranges::find(kOtherKinds, type) != kOtherKinds.end();
  if (!known) return interactive.wrong("type", "is not a kind of interactive message");
  CHECK_OK(check_frame(interactive, type));
  TRY(auto action, interactive.object("action"));
  if (type == "button") return check_buttons(action);
  if (type == "list") return check_list(action);
  if (type == "cta_url") return check_cta_url(action);
  return {};
}

}  // namespace flowsell::sim
