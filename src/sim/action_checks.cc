#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "interactive_checks.h"
#include "message_checks.h"
#include "order_checks.h"

namespace flowsell::sim {
namespace {

bool has_outer_space(std::string_view text) { return text.starts_with(' ') || text.ends_with(' '); }

/// Buttons of the form {"type": T, T: {"id", "title"}}: how many.
Checked<std::size_t> check_buttons(const Fields& action, std::string_view kind) {
  std::set<std::string, std::less<>> ids;
  std::set<std::string, std::less<>> titles;
  return action.each("buttons", 1, 3, [&](const Fields& button) -> Checked<> {
    CHECK_OK(button.only({"type", kind}));
    CHECK_OK(button.choice("type", {kind}));
    TRY(auto reply, button.object(kind));
    CHECK_OK(reply.only({"id", "title"}));
    TRY(auto id, reply.text("id", {.max = 256}));
    TRY(auto title, reply.text("title", {.max = 20}));
    if (has_outer_space(id)) return reply.wrong("id", "must not begin or end with a space");
    if (!ids.emplace(id).second) return reply.wrong("id", "is used by another button");
    if (!titles.emplace(title).second) return reply.wrong("title", "is used by another button");
    return {};
  });
}

Checked<> check_list(const Fields& action) {
  constexpr std::size_t kRowsMax = 10;
  CHECK_OK(action.only({"button", "sections"}));
  CHECK_OK(action.text("button", {.max = 20}));
  TRY(const auto* sections, action.array("sections", 1, 10));
  const bool titled = sections->size() > 1;
  std::set<std::string, std::less<>> ids;
  std::size_t rows = 0;
  CHECK_OK(action.each("sections", 1, 10, [&](const Fields& section) -> Checked<> {
    CHECK_OK(section.only({"title", "rows"}));
    if (titled && !section.find("title")) return section.missing("title");
    CHECK_OK(section.optional_text("title", {.min = 0, .max = 24}));
    TRY(const auto in_section,
        section.each("rows", 1, kRowsMax, [&](const Fields& row) -> Checked<> {
          CHECK_OK(row.only({"id", "title", "description"}));
          TRY(auto id, row.text("id", {.max = 200}));
          CHECK_OK(row.text("title", {.max = 24}));
          CHECK_OK(row.optional_text("description", {.min = 0, .max = 72}));
          if (!ids.emplace(id).second) return row.wrong("id", "is used by another row");
          return {};
        }));
    rows += in_section;
    return {};
  }));
  if (rows > kRowsMax) return action.wrong("sections", "must not have more than 10 rows in all");
  return {};
}

Checked<Fields> named(const Fields& action, std::string_view name) {
  CHECK_OK(action.only({"name", "parameters"}));
  CHECK_OK(action.choice("name", {name}));
  return action.object("parameters");
}

Checked<> check_name_only(const Fields& action, std::string_view name) {
  CHECK_OK(action.only({"name"}));
  CHECK_OK(action.choice("name", {name}));
  return {};
}

Checked<> check_cta_url(const Fields& action) {
  TRY(auto parameters, named(action, "cta_url"));
  CHECK_OK(parameters.only({"display_text", "url"}));
  CHECK_OK(parameters.text("display_text", {.max = 20}));
  CHECK_OK(parameters.link("url"));
  return {};
}

Checked<> check_address(const Fields& action) {
  TRY(const auto parameters, named(action, "address_message"));
  CHECK_OK(parameters.only({"country", "values", "saved_addresses", "validation_errors"}));
  TRY(const auto country, parameters.text("country", {.min = 2, .max = 2}));
  if (!std::ranges::all_of(country, [](char c) { return c >= 'A' && c <= 'Z'; }))
    return parameters.wrong("country", "is not a country code");
  CHECK_OK(parameters.optional_texts("values"));
  CHECK_OK(parameters.optional_texts("validation_errors"));
  if (!parameters.find("saved_addresses")) return {};
  CHECK_OK(parameters.each("saved_addresses", 1, 100, [](const Fields& saved) -> Checked<> {
    CHECK_OK(saved.only({"id", "value"}));
    CHECK_OK(saved.text("id", {}));
    CHECK_OK(saved.object("value"));
    return saved.optional_texts("value");
  }));
  return {};
}

Checked<> check_product_list(const Fields& action) {
  CHECK_OK(action.only({"catalog_id", "sections"}));
  CHECK_OK(action.text("catalog_id", {}));
  return check_product_sections(action);
}

Checked<> check_catalog(const Fields& action) {
  CHECK_OK(action.only({"name", "parameters"}));
  CHECK_OK(action.choice("name", {"catalog_message"}));
  if (!action.find("parameters")) return {};
  TRY(const auto parameters, action.object("parameters"));
  CHECK_OK(parameters.only({"thumbnail_product_retailer_id"}));
  CHECK_OK(parameters.text("thumbnail_product_retailer_id", {}));
  return {};
}

Checked<> check_flow_payload(const Fields& parameters, bool navigates) {
  if (!parameters.find("flow_action_payload")) return {};
  if (!navigates) return parameters.wrong("flow_action_payload", "is for navigate only");
  TRY(const auto payload, parameters.object("flow_action_payload"));
  CHECK_OK(payload.only({"screen", "data"}));
  CHECK_OK(payload.text("screen", {}));
  if (!payload.find("data")) return {};
  CHECK_OK(payload.object("data"));
  if (payload.find("data")->get_object().empty()) return payload.wrong("data", "must not be empty");
  return {};
}

/// The blocks of pictures, in UTF-8.
bool has_picture(std::string_view text) { return text.find("\xF0\x9F") != text.npos; }

Checked<> check_flow(const Fields& action) {
  TRY(const auto parameters, named(action, "flow"));
  CHECK_OK(parameters.only({"flow_message_version", "flow_id", "flow_name", "flow_token",
                            "flow_cta", "mode", "flow_action", "flow_action_payload"}));
  CHECK_OK(parameters.choice("flow_message_version", {"3"}));
  const bool has_id = parameters.find("flow_id") != nullptr;
  if (has_id == (parameters.find("flow_name") != nullptr))
    return has_id ? parameters.wrong("flow_id", "and flow_name must not both be given")
                  : parameters.missing("flow_id");
  CHECK_OK(parameters.text(has_id ? "flow_id" : "flow_name", {}));
  CHECK_OK(parameters.optional_text("flow_token", {}));
  TRY(const auto cta, parameters.text("flow_cta", {.max = 30}));
  if (has_picture(cta)) return parameters.wrong("flow_cta", "must not have emoji");
  if (parameters.find("mode")) CHECK_OK(parameters.choice("mode", {"draft", "published"}));
  std::string_view does = "navigate";
  if (parameters.find("flow_action")) {
    TRY(does, parameters.choice("flow_action", {"navigate", "data_exchange"}));
  }
  return check_flow_payload(parameters, does == "navigate");
}

/// What must be the same in all cards.
struct Alike {
  std::string type;
  std::string header;
  std::string catalog;
  std::size_t buttons = 0;
  friend bool operator==(const Alike&, const Alike&) = default;
};

Checked<> check_card_words(const Fields& card) {
  if (!card.find("body")) return {};
  TRY(const auto body, card.object("body"));
  TRY(const auto text, body.text("text", {.max = 160}));
  if (std::ranges::count(text, '\n') > 2)
    return body.wrong("text", "must not have more than 2 line breaks");
  return {};
}

Checked<> check_card_media(const Fields& card, Alike& alike) {
  TRY(const auto header, card.object("header"));
  TRY(alike.header, header.choice("type", {"image", "video"}));
  TRY(const auto media, header.object(alike.header));
  return check_media_source(media);
}

Checked<> check_card(const Fields& card, Alike& alike) {
  CHECK_OK(card.only({"card_index", "type", "header", "body", "action"}));
  TRY(alike.type, card.choice("type", {"cta_url", "product"}));
  CHECK_OK(check_card_words(card));
  TRY(const auto action, card.object("action"));
  if (alike.type == "product") {
    if (card.find("header")) return card.wrong("header", "is not taken by a product");
    TRY(alike.catalog, action.text("catalog_id", {}));
    return check_product(action);
  }
  CHECK_OK(check_card_media(card, alike));
  if (!action.find("buttons")) return check_cta_url(action);
  CHECK_OK(action.only({"buttons"}));
  TRY(alike.buttons, check_buttons(action, "quick_reply"));
  return {};
}

Checked<> check_carousel(const Fields& action) {
  CHECK_OK(action.only({"cards"}));
  std::set<std::int64_t> indexes;
  std::optional<Alike> first;
  CHECK_OK(action.each("cards", 2, 10, [&](const Fields& card) -> Checked<> {
    TRY(const auto index, card.integer("card_index", 0, 9));
    if (!indexes.insert(index).second) return card.wrong("card_index", "is used by another card");
    Alike alike;
    CHECK_OK(check_card(card, alike));
    if (first && *first != alike) return card.wrong("type", "is not like the first card");
    first = std::move(alike);
    return {};
  }));
  return {};
}

Checked<> check_voice_call(const Fields& action) {
  CHECK_OK(action.only({"name", "parameters"}));
  CHECK_OK(action.choice("name", {"voice_call"}));
  if (!action.find("parameters")) return {};
  TRY(const auto parameters, action.object("parameters"));
  CHECK_OK(parameters.only({"display_text", "ttl_minutes", "payload"}));
  CHECK_OK(parameters.optional_text("display_text", {.max = 20}));
  CHECK_OK(parameters.optional_text("payload", {.max = 512}));
  if (parameters.find("ttl_minutes")) CHECK_OK(parameters.integer("ttl_minutes", 1, 43'200));
  return {};
}

Checked<> check_reply_buttons(const Fields& action) {
  CHECK_OK(action.only({"buttons"}));
  CHECK_OK(check_buttons(action, "reply"));
  return {};
}

Checked<> check_single_product(const Fields& action) {
  CHECK_OK(action.only({"catalog_id", "product_retailer_id"}));
  return check_product(action);
}

Checked<> check_payment(const Fields& action) {
  TRY(const auto parameters, named(action, "review_and_pay"));
  return check_order_details(parameters);
}

Checked<> check_review(const Fields& action) {
  TRY(const auto parameters, named(action, "review_order"));
  return check_order_status(parameters);
}

struct ActionKind {
  std::string_view type;
  Checked<> (*check)(const Fields& action);
};

constexpr auto kActions = std::to_array<ActionKind>({
    {"button", check_reply_buttons},
    {"list", check_list},
    {"cta_url", check_cta_url},
    {"location_request_message",
     [](const Fields& action) { return check_name_only(action, "send_location"); }},
    {"address_message", check_address},
    {"product", check_single_product},
    {"product_list", check_product_list},
    {"catalog_message", check_catalog},
    {"flow", check_flow},
    {"carousel", check_carousel},
    {"voice_call", check_voice_call},
    {"call_permission_request",
     [](const Fields& action) { return check_name_only(action, "call_permission_request"); }},
    {"contact_request",
     [](const Fields& action) { return check_name_only(action, "request_contact_info"); }},
    {"request_contact_info",
     [](const Fields& action) { return check_name_only(action, "request_contact_info"); }},
    {"order_details", check_payment},
    {"order_status", check_review},
});

}  // namespace

Checked<> check_action(const Fields& action, std::string_view type) {
  const auto* kind = std::ranges::find(kActions, type, &ActionKind::type);
  if (kind == kActions.end()) return refuse(131009, "There is no such interactive type");
  return kind->check(action);
}

Checked<> check_product(const Fields& in) {
  CHECK_OK(in.text("catalog_id", {}));
  CHECK_OK(in.text("product_retailer_id", {}));
  return {};
}

Checked<> check_product_sections(const Fields& in) {
  constexpr std::size_t kProductsMax = 30;
  TRY(const auto* sections, in.array("sections", 1, 10));
  const bool titled = sections->size() > 1;
  std::size_t products = 0;
  CHECK_OK(in.each("sections", 1, 10, [&](const Fields& section) -> Checked<> {
    if (titled && !section.find("title")) return section.missing("title");
    CHECK_OK(section.optional_text("title", {.min = 0, .max = 24}));
    TRY(const auto here,
        section.each("product_items", 1, kProductsMax, [](const Fields& item) -> Checked<> {
          CHECK_OK(item.only({"product_retailer_id"}));
          CHECK_OK(item.text("product_retailer_id", {}));
          return {};
        }));
    products += here;
    return {};
  }));
  if (products > kProductsMax)
    return in.wrong("sections", "must not have more than 30 products in all");
  return {};
}

}  // namespace flowsell::sim
