#include <array>
#include <utility>

#include "parse_body.h"
#include "parts.h"

namespace flowsell::channel {
namespace {

using json::ObjectReader;

constexpr std::int64_t kCardIndexMax = 1'000;

constexpr std::array<std::string_view, 4> kHeaders = {"text", "image", "video", "document"};
constexpr std::array<MediaKind, 3> kHeaderMedia = {MediaKind::kImage, MediaKind::kVideo,
                                                   MediaKind::kDocument};

bool read_header(ObjectReader& in, Findings& findings, Interactive& out) {
  const auto type = read_choice(in, "type", kHeaders);
  if (!type) return false;
  if (*type == 0) {
    out.header = content(in.required_string("text", {.min = 1}));
  } else {
    out.header = read_header_media(in, kHeaderMedia.at(*type - 1), findings);
  }
  return true;
}

/// {"text": "..."}: the shape of an interactive message's body and footer.
Content text_at(ObjectReader& in, std::string_view name) {
  Content text;
  read_object(in, name, [&](ObjectReader& object) {
    text = content(object.required_string("text", {.min = 1}));
  });
  return text;
}

/// The field `name` of an action, of which there is one value only.
void read_action_name(ObjectReader& in, std::string_view expected) {
  read_choice(in, "name", std::array{expected});
}

/// {"type": T, T: {"id", "title"}}
ReplyButton read_button(ObjectReader& in, std::string_view type) {
  ReplyButton out;
  if (!read_choice(in, "type", std::array{type})) return out;
  require_object(in, type, [&](ObjectReader& reply) {
    out.id = reply.required_string("id").value_or("");
    out.title = content(reply.required_string("title"));
  });
  return out;
}

ReplyButtons read_buttons(ObjectReader& in, std::string_view type) {
  ReplyButtons out;
  require_each(in, "buttons", 0, kElementsMax, [&](ObjectReader& button) {
    const std::size_t faults = in.faults().size();
    out.buttons.push_back(read_button(button, type));
    // With another type the fields are others, too.
    return in.faults().size() == faults;
  });
  return out;
}

ListSection read_section(ObjectReader& in) {
  ListSection out;
  out.title = content(in.string("title"));
  require_each(in, "rows", 0, kElementsMax, [&](ObjectReader& row) {
    ListRow& made = out.rows.emplace_back();
    made.id = row.required_string("id").value_or("");
    made.title = content(row.required_string("title"));
    made.description = content(row.string("description"));
  });
  return out;
}

List read_list(ObjectReader& in) {
  List out;
  out.button = content(in.required_string("button"));
  require_each(in, "sections", 0, kElementsMax,
               [&](ObjectReader& section) { out.sections.push_back(read_section(section)); });
  return out;
}

LinkButton read_link_button(ObjectReader& in) {
  LinkButton out;
  read_action_name(in, "cta_url");
  require_object(in, "parameters", [&](ObjectReader& parameters) {
    out.display_text = content(parameters.required_string("display_text"));
    out.url = content(parameters.required_string("url"));
  });
  return out;
}

Content read_saved_addresses(ObjectReader& in) {
  if (in.find("saved_addresses") == nullptr) return {};
  read_each(in, "saved_addresses", 1, kElementsMax, [](ObjectReader& saved) {
    saved.required_string("id", {.min = 1});
    if (saved.require("value") != nullptr) read_texts_json(saved, "value");
  });
  return json_text(*in.find("saved_addresses"));
}

AddressRequest read_address_request(ObjectReader& in) {
  AddressRequest out;
  read_action_name(in, "address_message");
  require_object(in, "parameters", [&](ObjectReader& parameters) {
    out.country = parameters.required_string("country").value_or("");
    out.values_json = read_texts_json(parameters, "values");
    out.saved_addresses_json = read_saved_addresses(parameters);
    out.validation_errors_json = read_texts_json(parameters, "validation_errors");
  });
  return out;
}

CatalogLink read_catalog_link(ObjectReader& in) {
  CatalogLink out;
  read_action_name(in, "catalog_message");
  read_object(in, "parameters", [&](ObjectReader& parameters) {
    out.thumbnail_product_retailer_id =
        parameters.string("thumbnail_product_retailer_id", {.min = 1}).value_or("");
  });
  return out;
}

void read_flow_payload(ObjectReader& in, FlowButton& out) {
  out.has_payload = read_object(in, "flow_action_payload", [&](ObjectReader& payload) {
    out.screen = payload.required_string("screen", {.min = 1}).value_or("");
    out.data_json = read_object_json(payload, "data");
  });
}

FlowButton read_flow(ObjectReader& in) {
  FlowButton out;
  read_action_name(in, "flow");
  require_object(in, "parameters", [&](ObjectReader& parameters) {
    if (parameters.find("flow_message_version") != nullptr)
      read_choice(parameters, "flow_message_version", std::array<std::string_view, 1>{"3"});
    out.flow_id = parameters.string("flow_id", {.min = 1}).value_or("");
    out.flow_name = parameters.string("flow_name", {.min = 1}).value_or("");
    out.token = content(parameters.string("flow_token", {.min = 1}));
    out.cta = content(parameters.required_string("flow_cta"));
    if (parameters.find("flow_action") != nullptr) {
      read_choice(parameters, "flow_action",
                  std::array<std::string_view, 2>{"navigate", "data_exchange"});
      out.action = parameters.string("flow_action").value_or("");
    }
    read_flow_payload(parameters, out);
    if (parameters.find("mode") != nullptr) {
      const auto mode =
          read_choice(parameters, "mode", std::array<std::string_view, 2>{"published", "draft"});
      out.is_draft = mode == 1;
    }
  });
  return out;
}

void read_card_action(ObjectReader& in, bool is_product, CarouselCard& out) {
  require_object(in, "action", [&](ObjectReader& action) {
    if (is_product) {
      out.action = read_product(action);
    } else if (action.find("buttons") != nullptr) {
      out.action = read_buttons(action, "quick_reply");
    } else {
      out.action = read_link_button(action);
    }
  });
}

bool read_card(ObjectReader& in, Findings& findings, CarouselCard& out) {
  out.card_index = in.integer("card_index", 0, kCardIndexMax);
  const auto type = read_choice(in, "type", std::array<std::string_view, 2>{"cta_url", "product"});
  if (!type) return false;
  read_object(in, "header", [&](ObjectReader& header) {
    const auto kind =
        read_choice(header, "type", std::array<std::string_view, 2>{"image", "video"});
    if (kind) out.header = read_header_media(header, kHeaderMedia.at(*kind), findings);
    return kind.has_value();
  });
  out.body = text_at(in, "body");
  read_card_action(in, *type == 1, out);
  return true;
}

Carousel read_carousel(ObjectReader& in, Findings& findings) {
  Carousel out;
  require_each(in, "cards", 0, kElementsMax, [&](ObjectReader& card) {
    return read_card(card, findings, out.cards.emplace_back());
  });
  return out;
}

CallButton read_call_button(ObjectReader& in) {
  CallButton out;
  read_action_name(in, "voice_call");
  read_object(in, "parameters", [&](ObjectReader& parameters) {
    out.display_text = content(parameters.string("display_text", {.min = 1}));
    out.ttl_minutes = parameters.integer("ttl_minutes", 1, 43'200);
    out.payload = content(parameters.string("payload", {.min = 1}));
  });
  return out;
}

OrderDetails read_payment(ObjectReader& in) {
  OrderDetails out;
  read_action_name(in, "review_and_pay");
  require_object(in, "parameters",
                 [&](ObjectReader& parameters) { out = read_order_details(parameters); });
  return out;
}

OrderStatus read_review(ObjectReader& in) {
  OrderStatus out;
  read_action_name(in, "review_order");
  require_object(in, "parameters",
                 [&](ObjectReader& parameters) { out = read_order_status(parameters); });
  return out;
}

ProductList read_product_list(ObjectReader& in) {
  ProductList out;
  out.catalog_id = in.required_string("catalog_id").value_or("");
  out.sections = read_product_sections(in);
  return out;
}

/// An action that says its name and nothing more.
template <class Action>
Action read_bare(ObjectReader& in, std::string_view name) {
  read_action_name(in, name);
  return {};
}

/// One kind of interactive message: its name in the API and how its action is read.
struct ActionKind {
  std::string_view name;
  InteractiveAction (*read)(ObjectReader& in, Findings& findings);
};

// In the order of InteractiveAction's alternatives.
constexpr std::array<ActionKind, std::variant_size_v<InteractiveAction>> kActions = {{
    {"button", [](auto& in, auto&) -> InteractiveAction { return read_buttons(in, "reply"); }},
    {"list", [](auto& in, auto&) -> InteractiveAction { return read_list(in); }},
    {"cta_url", [](auto& in, auto&) -> InteractiveAction { return read_link_button(in); }},
    {"location_request_message",
     [](auto& in, auto&) -> InteractiveAction {
       return read_bare<LocationRequest>(in, "send_location");
     }},
    {"address_message",
     [](auto& in, auto&) -> InteractiveAction { return read_address_request(in); }},
    {"product", [](auto& in, auto&) -> InteractiveAction { return read_product(in); }},
    {"product_list", [](auto& in, auto&) -> InteractiveAction { return read_product_list(in); }},
    {"catalog_message", [](auto& in, auto&) -> InteractiveAction { return read_catalog_link(in); }},
    {"flow", [](auto& in, auto&) -> InteractiveAction { return read_flow(in); }},
    {"carousel",
     [](auto& in, auto& findings) -> InteractiveAction { return read_carousel(in, findings); }},
    {"voice_call", [](auto& in, auto&) -> InteractiveAction { return read_call_button(in); }},
    {"call_permission_request",
     [](auto& in, auto&) -> InteractiveAction {
       return read_bare<CallPermissionRequest>(in, "call_permission_request");
     }},
    {"contact_request",
     [](auto& in, auto&) -> InteractiveAction {
       return read_bare<ContactRequest>(in, "request_contact_info");
     }},
    {"order_details", [](auto& in, auto&) -> InteractiveAction { return read_payment(in); }},
    {"order_status", [](auto& in, auto&) -> InteractiveAction { return read_review(in); }},
}};

constexpr auto kActionNames = [] {
  std::array<std::string_view, kActions.size()> names;
  for (std::size_t i = 0; i < kActions.size(); ++i) names[i] = kActions[i].name;
  return names;
}();

}  // namespace

std::string_view interactive_name(const InteractiveAction& action) noexcept {
  return kActions[action.index()].name;
}

std::optional<Body> parse_interactive(const json::Value& value, std::string pointer,
                                      Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  if (!in.is_object()) return std::nullopt;
  Interactive out;
  // Other types have other fields: reading them as these would only add noise to the fault.
  const auto type = read_choice(in, "type", kActionNames);
  if (!type) return std::nullopt;
  read_object(in, "header",
              [&](ObjectReader& header) { return read_header(header, findings, out); });
  out.body = text_at(in, "body");
  out.footer = text_at(in, "footer");
  require_object(in, "action", [&](ObjectReader& action) {
    out.action = kActions[*type].read(action, findings);
  });
  in.finish();
  return out;
}

}  // namespace flowsell::channel
