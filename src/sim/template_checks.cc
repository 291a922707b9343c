#include "template_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "interactive_checks.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kNameMax = 512;
constexpr std::size_t kHeaderTextMax = 60;
constexpr std::size_t kBodyTextMax = 32'768;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

Checked<> check_magic_name(std::string_view name) {
  constexpr std::string_view kMagic = "error_";
  if (!name.starts_with(kMagic)) return {};
  int code = 0;
  const auto digits = name.substr(kMagic.size());
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (!whole || !find_error_row(code)) return {};
  return refuse(code, "");
}

Checked<> check_text_parameter(const Fields& parameter, std::size_t length_max) {
  TRY(auto text, parameter.text("text", {.max = length_max}));
  const bool broken = text.find_first_of("\n\t") != text.npos || text.find("     ") != text.npos;
  if (!broken) return {};
  return refuse(132012,
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces");
}

Checked<> check_media_parameter(const Fields& parameter, std::string_view type) {
  TRY(auto media, parameter.object(type));
  return check_media_source(media);
}

Checked<> check_parameter(const Fields& parameter, std::size_t text_max) {
  constexpr auto kOtherTypes =
      std::to_array<std::string_view>({"currency", "date_time", "location", "product", "action",
                                       "limited_time_offer", "tap_target_configuration"});
  TRY(auto type, parameter.text("type", {}));
  CHECK_OK(parameter.optional_text("parameter_name", {}));
  if (type == "text") return check_text_parameter(parameter, text_max);
  if (type == "image" || type == "video" || type == "document" || type == "gif") {
    return check_media_parameter(parameter, type);
  }
  if (type == "payload") {
    CHECK_OK(parameter.text("payload", {.max = 256}));
    return {};
  }
  if (type == "coupon_code") {
    CHECK_OK(parameter.text("coupon_code", {.max = 15}));
    return {};
  }
  if (std::ranges::find(kOtherTypes, type) == kOtherTypes.end()) {
    return parameter.wrong("type", "is not a type of parameter");
  }
  CHECK_OK(parameter.object(type));
  return {};
}

Checked<> check_parameters(const Fields& component, std::size_t text_max) {
  if (!component.find("parameters")) return {};
  TRY(const auto* parameters, component.array("parameters", 0, 100));
  std::size_t named = 0;
  for (std::size_t i = 0; i < parameters->size(); ++i) {
    TRY(auto parameter, Fields::element((*parameters)[i],
                                        component.name_of("parameters") + fmt::format("[{}]", i)));
    CHECK_OK(check_parameter(parameter, text_max));
    if (parameter.find("parameter_name")) ++named;
  }
  const bool mixed = named != 0 && named != parameters->size();
  if (mixed) return refuse(132000, "Named and positional parameters must not be mixed");
  return {};
}

Checked<> check_button(const Fields& component) {
  CHECK_OK(component.text("sub_type", {}));
  const auto* index = component.find("index");
  if (!index) return component.missing("index");
  const bool digit = index->if_string() && index->if_string()->size() == 1 &&
                     (*index->if_string())[0] >= '0' && (*index->if_string())[0] <= '9';
  const bool number = index->if_int64() && *index->if_int64() >= 0 && *index->if_int64() <= 9;
  if (!digit && !number) return component.wrong("index", "must be from 0 to 9");
  return {};
}

Checked<> check_component(const Fields& component) {
  TRY(auto type, component.text("type", {}));
  std::string lower(type);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (lower == "header") return check_parameters(component, kHeaderTextMax);
  if (lower == "body" || lower == "limited_time_offer")
    return check_parameters(component, kBodyTextMax);
  if (lower == "button") {
    CHECK_OK(check_button(component));
    return check_parameters(component, kBodyTextMax);
  }
  if (lower == "carousel") {
    CHECK_OK(component.array("cards", 1, 10));
    return {};
  }
  return component.wrong("type", "is not a type of component");
}

Checked<> check_language(const Fields& tmpl) {
  TRY(auto language, tmpl.object("language"));
  CHECK_OK(language.only({"code", "policy"}));
  CHECK_OK(language.text("code", {.max = 16}));
  TRY(auto policy, language.optional_text("policy", {}));
  if (!policy.empty() && policy != "deterministic")
    return language.wrong("policy", "must be deterministic");
  return {};
}

}  // namespace

Checked<> check_template(const Fields& message) {
  TRY(auto tmpl, message.object("template"));
  CHECK_OK(tmpl.only({"name", "language", "components", "namespace"}));
  TRY(auto name, tmpl.text("name", {.max = kNameMax}));
  if (!std::ranges::all_of(name, is_name_character))
    return tmpl.wrong("name", "is not a template name");
  CHECK_OK(check_language(tmpl));
  if (tmpl.find("components")) {
    TRY(const auto* components, tmpl.array("components", 0, 20));
    for (std::size_t i = 0; i < components->size(); ++i) {
      TRY(auto component,
          Fields::element((*components)[i], fmt::format("template['components'][{}]", i)));
      CHECK_OK(check_component(component));
    }
  }
  return check_magic_name(name);
}

}  // namespace flowsell::sim
