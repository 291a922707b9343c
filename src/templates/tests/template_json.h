#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "channel/message.h"
#include "channel/template_calls.h"
#include "json/json.h"
#include "whatsapp/adapter.h"

namespace flowsell::templates {

inline const channel::Adapter& whatsapp_adapter() {
  static const auto kAdapter = whatsapp::make_adapter();
  return *kAdapter;
}

inline channel::ProviderTemplate provider_template(std::string components,
                                                   std::string category = "utility",
                                                   bool is_named = false) {
  channel::ProviderTemplate out;
  out.provider_id = "1001";
  out.name = "order";
  out.language = "en_US";
  out.category = std::move(category);
  out.status = "approved";
  out.is_named = is_named;
  out.components_json = std::move(components);
  return out;
}

inline channel::TemplateSchema schema_of(const channel::ProviderTemplate& of) {
  return whatsapp_adapter().template_calls()->schema(of).value();
}

/// A message with these components, as POST /v1/messages would have it.
inline channel::OutboundMessage message_of(std::string_view components) {
  const auto document = json::parse(
      std::string(R"({"to":"+4915155500001","type":"template","template":{"name":"order",)"
                  R"("language":{"code":"en_US"},"components":[)")
          .append(components)
          .append("]}}"));
  return channel::parse_message(document.value().root()).value();
}

// An order: a picture, a text with two variables, a URL that ends in one, and a fixed one.
inline constexpr std::string_view kOrder =
    R"([{"type":"HEADER","format":"IMAGE","example":{"header_handle":["4::a"]}},)"
    R"({"type":"BODY","text":"Hello {{1}}, your order {{2}} is on its way",)"
    R"("example":{"body_text":[["Ana","42"]]}},)"
    R"({"type":"FOOTER","text":"Thank you"},)"
    R"({"type":"BUTTONS","buttons":[{"type":"URL","text":"Track",)"
    R"("url":"https://a.example/{{1}}","example":["https://a.example/42"]},)"
    R"({"type":"URL","text":"Shop","url":"https://a.example"},{"type":"PHONE_NUMBER",)"
    R"("text":"Call","phone_number":"+491"},)"
    R"({"type":"QUICK_REPLY","text":"Stop"}]}])";
inline constexpr std::string_view kHeader =
    R"({"type":"header","parameters":[{"type":"image","image":{"id":"1"}}]})";
inline constexpr std::string_view kBody =
    R"({"type":"body","parameters":[{"type":"text","text":"Ana"},{"type":"text","text":"42"}]})";
inline constexpr std::string_view kButton =
    R"({"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"42"}]})";

inline std::string all_of(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const auto each : parts) {
    if (!each.empty()) out.append(out.empty() ? "" : ",").append(each);
  }
  return out;
}

}  // namespace flowsell::templates
