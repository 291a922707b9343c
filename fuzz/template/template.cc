// Meta's description of a template: what is made of it is JSON, whatever it says; and a draft that
// was put into Meta's form stays as it is.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "channel/template_calls.h"
#include "json/json.h"
#include "templates/describe.h"
#include "whatsapp/adapter.h"

using namespace flowsell;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto adapter = whatsapp::make_adapter();
  const auto& calls = *adapter->template_calls();
  if (size < 1) return 0;
  constexpr const char* kCategories[] = {"utility", "marketing", "authentication"};
  channel::ProviderTemplate of;
  of.category = kCategories[data[0] % 3];
  of.is_named = (data[0] & 4U) != 0;
  of.components_json = {reinterpret_cast<const char*>(data) + 1, size - 1};
  constexpr json::Limits kLarge{.bytes_max = std::size_t{64} << 20, .depth_max = 64};
  if (const auto schema = calls.schema(of)) {
    if (!json::parse(templates::json_schema(*schema, "order", "de"), kLarge)) std::abort();
    if (!json::parse(templates::preview(*schema, nullptr), kLarge)) std::abort();
  }
  channel::TemplateDraft draft;
  draft.name = "order";
  draft.language = "de";
  draft.category = of.category;
  draft.is_named = of.is_named;
  draft.components_json = of.components_json;
  const auto faults = calls.check_draft(draft);
  const std::string once = draft.components_json;
  if (calls.check_draft(draft) != faults || draft.components_json != once) std::abort();
  return 0;
}
