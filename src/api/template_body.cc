#include "template_body.h"

#include <cstdint>

#include "core/encoding.h"
#include "json/writer.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

constexpr json::StringRule kName{1, 512};
constexpr json::StringRule kLanguage{1, 16};
constexpr json::StringRule kCategory{1, 40};
constexpr std::size_t kComponentsMax = 20;
constexpr std::int64_t kTtlMax = 2'592'000;

std::string read_components(json::ObjectReader& in, bool is_required) {
  if (is_required) in.require("components");
  const json::Array* components = in.array("components", 1, kComponentsMax);
  return components == nullptr ? std::string() : json::Writer().value(*components).text();
}

/// An object or a list as text; empty where it is missing.
std::string read_inputs(json::ObjectReader& in, std::string_view name, bool is_list) {
  const json::Value* value = in.find(name);
  if (value == nullptr) return {};
  if (is_list ? value->is_array() : value->is_object()) return json::Writer().value(*value).text();
  in.fault(name, "wrong_type", is_list ? "must be a list" : "must be an object",
           "Send it as Meta's library describes it.");
  return {};
}

bool read_is_named(json::ObjectReader& in) {
  const auto format = in.string("parameter_format");
  if (!format) return false;
  const std::string word = lower_case(*format);
  if (word != "named" && word != "positional")
    in.fault("parameter_format", "invalid_value", "there is no such format",
             "Use positional or named.");
  return word == "named";
}

}  // namespace

TemplateWish read_template_wish(json::ObjectReader& in) {
  TemplateWish wish;
  channel::TemplateDraft& draft = wish.draft;
  wish.connection_id = in.string("connection_id").value_or("");
  draft.name = text_in(in, "name", kName);
  draft.language = text_in(in, "language", kLanguage);
  draft.category = lower_case(text_in(in, "category", kCategory));
  draft.is_named = read_is_named(in);
  draft.ttl_seconds = in.integer("message_send_ttl_seconds", -1, kTtlMax);
  draft.library_name = in.string("library_template_name", kName).value_or("");
  draft.library_body_json = read_inputs(in, "library_template_body_inputs", false);
  draft.library_buttons_json = read_inputs(in, "library_template_button_inputs", true);
  const bool is_of_library = !draft.library_name.empty();
  draft.components_json = read_components(in, !is_of_library);
  if (is_of_library && !draft.components_json.empty())
    in.fault("components", "conflict", "a template of the library has its components already",
             "Leave components or library_template_name out.");
  return wish;
}

channel::TemplateEdit read_template_edit(json::ObjectReader& in) {
  channel::TemplateEdit edit;
  edit.category = lower_case(in.string("category", kCategory).value_or(""));
  edit.ttl_seconds = in.integer("message_send_ttl_seconds", -1, kTtlMax);
  edit.components_json = read_components(in, false);
  if (edit.category.empty() && edit.components_json.empty() && !edit.ttl_seconds &&
      in.faults().empty())
    in.fault("", "required", "nothing to change was sent",
             "Send components, category or message_send_ttl_seconds.");
  return edit;
}

}  // namespace flowsell::api
