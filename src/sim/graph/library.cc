// /message_template_library: ready-made utility and authentication templates
// (reference/whatsapp.md, 6). Three of the simulator's own in the library's shape.
#include "graph/library.h"

#include <fmt/format.h>

#include <array>

#include "graph/fields.h"
#include "graph/routes.h"

namespace flowsell::sim {
namespace {

struct LibraryTemplate {
  std::string_view id;
  std::string_view name;
  std::string_view category;
  std::string_view topic;
  std::string_view use_case;
  std::string_view header;
  std::string_view body;
  std::array<std::string_view, 3> examples;
  std::string_view button;  ///< of its URL button; empty: none
};

constexpr auto kLibrary = std::to_array<LibraryTemplate>({
    {"7000000000000001",
     "delivery_update_1",
     "UTILITY",
     "ORDER_MANAGEMENT",
     "DELIVERY_UPDATE",
     "Delivery update",
     "Hi {{1}}, your order {{2}} is on its way. It should arrive on {{3}}, so "
     "please have somebody at home.",
     {"Ana", "#12345", "May 4"},
     "Track order"},
    {"7000000000000002",
     "payment_reminder_1",
     "UTILITY",
     "PAYMENTS",
     "PAYMENT_DUE_REMINDER",
     "Payment reminder",
     "Hi {{1}}, your payment of {{2}} is due on {{3}}. Please pay in time to "
     "avoid a fee.",
     {"Ana", "$20.00", "May 4"},
     "Pay now"},
    {"7000000000000003",
     "appointment_confirmed_1",
     "UTILITY",
     "CUSTOMER_FEEDBACK",
     "APPOINTMENT_CONFIRMATION",
     "",
     "Hi {{1}}, your appointment for {{2}} on {{3}} is confirmed. "
     "We look forward to seeing you.",
     {"Ana", "a haircut", "May 4"},
     ""},
});

json::Array examples_of(const LibraryTemplate& one) {
  json::Array examples;
  for (const auto example : one.examples) examples.emplace_back(example);
  return examples;
}

json::Object button_of(const LibraryTemplate& one) {
  return {{"type", "URL"}, {"text", one.button}, {"url", "https://www.example.com/"}};
}

json::Object shown(const LibraryTemplate& one) {
  json::Object row = {{"name", one.name},   {"language", "en_US"},     {"category", one.category},
                      {"topic", one.topic}, {"usecase", one.use_case}, {"id", one.id},
                      {"body", one.body}};
  row["industry"] = json::Array{"E_COMMERCE"};
  row["body_params"] = examples_of(one);
  row["body_param_types"] = json::Array{"TEXT", "TEXT", "TEXT"};
  if (!one.header.empty()) row["header"] = one.header;
  if (!one.button.empty()) row["buttons"] = list_of(button_of(one));
  return row;
}

bool is_in(std::string_view text, const std::string& part) {
  return part.empty() || text.find(part) != text.npos;
}

Checked<Reply> search(Graph&, const Call& call) {
  CHECK_OK(Graph::require(call, Scope::kManagement));
  std::vector<Row> rows;
  const auto text = call.params.text("search");
  const auto topic = call.params.text("topic");
  const auto name = call.params.text("name");
  const auto language = call.params.text("language");
  for (const auto& one : kLibrary) {
    const bool fits = (is_in(one.name, text) || is_in(one.body, text)) &&
                      (topic.empty() || topic == one.topic) && (name.empty() || name == one.name) &&
                      (language.empty() || language == "en_US");
    if (fits) rows.push_back({std::string(one.id), shown(one)});
  }
  return reply_with(page_of(call, std::move(rows)));
}

constexpr auto kRoutes = std::to_array<RootRoute>({
    {http::Method::kGet, "message_template_library", true, search},
});

json::Array buttons_of(const LibraryTemplate& one, const json::Object& definition) {
  auto button = button_of(one);
  const auto& inputs = array_in(definition, "library_template_button_inputs");
  if (!inputs.empty() && inputs[0].is_object()) {
    const auto& url = object_in(inputs[0].get_object(), "url");
    if (!text_in(url, "base_url").empty()) button["url"] = text_in(url, "base_url");
    if (!text_in(url, "url_suffix_example").empty())
      button["example"] = json::Array{text_in(url, "url_suffix_example")};
  }
  return list_of(std::move(button));
}

}  // namespace

std::span<const RootRoute> library_routes() { return kRoutes; }

Checked<json::Value> components_from_library(std::string_view name,
                                             const json::Object& definition) {
  for (const auto& one : kLibrary) {
    if (one.name != name) continue;
    json::Array components;
    if (!one.header.empty())
      components.push_back(
          json::Object{{"type", "HEADER"}, {"format", "TEXT"}, {"text", one.header}});
    json::Object body = {{"type", "BODY"}, {"text", one.body}};
    body["example"] = {{"body_text", list_of(examples_of(one))}};
    components.push_back(std::move(body));
    if (!one.button.empty()) {
      json::Object buttons = {{"type", "BUTTONS"}};
      buttons["buttons"] = buttons_of(one, definition);
      components.push_back(std::move(buttons));
    }
    return json::Value(std::move(components));
  }
  return refuse_parameter(
      fmt::format("Param library_template_name: there is no template {}", name));
}

}  // namespace flowsell::sim
