#include "parameters.h"

#include <algorithm>

#include "core/encoding.h"

namespace flowsell::templates {

using channel::TemplateComponent;
using channel::TemplateHeader;
using channel::TemplateParameter;

const TemplateComponent* find_component(const std::vector<TemplateComponent>& all,
                                        channel::ComponentKind kind) {
  const auto found = std::ranges::find(all, kind, &TemplateComponent::kind);
  return found == all.end() ? nullptr : &*found;
}

std::optional<std::size_t> index_of(const TemplateComponent& button,
                                    const std::vector<channel::TemplateButton>& buttons) {
  if (button.index) {
    const auto index = static_cast<std::size_t>(*button.index);
    return index < buttons.size() ? std::optional(index) : std::nullopt;
  }
  const auto found = std::ranges::find(buttons, button.button, &channel::TemplateButton::kind);
  if (found == buttons.end()) return std::nullopt;
  return static_cast<std::size_t>(found - buttons.begin());
}

TemplateHeader header_kind_of(const TemplateParameter& parameter) {
  if (std::holds_alternative<Content>(parameter.value)) return TemplateHeader::kText;
  if (std::holds_alternative<channel::Location>(parameter.value)) return TemplateHeader::kLocation;
  if (std::holds_alternative<channel::Product>(parameter.value)) return TemplateHeader::kProduct;
  const auto* media = std::get_if<channel::HeaderMedia>(&parameter.value);
  if (media == nullptr) return TemplateHeader::kNone;
  switch (media->kind) {
    case channel::MediaKind::kImage:
      return TemplateHeader::kImage;
    case channel::MediaKind::kVideo:
      return TemplateHeader::kVideo;
    case channel::MediaKind::kDocument:
      return TemplateHeader::kDocument;
    case channel::MediaKind::kGif:
      return TemplateHeader::kGif;
  }
  return TemplateHeader::kNone;
}

bool is_text(const TemplateParameter& parameter) {
  return std::holds_alternative<Content>(parameter.value) ||
         std::holds_alternative<channel::Currency>(parameter.value) ||
         std::holds_alternative<channel::DateTime>(parameter.value);
}

std::string_view text_of(const TemplateParameter& parameter) {
  if (const auto* text = std::get_if<Content>(&parameter.value)) return text->reveal();
  if (const auto* money = std::get_if<channel::Currency>(&parameter.value))
    return money->fallback_value.reveal();
  if (const auto* time = std::get_if<channel::DateTime>(&parameter.value))
    return time->fallback_value.reveal();
  return {};
}

namespace {

/// Which variable a parameter fills, by its place among the names.
std::size_t place_of(const channel::TemplateText& text, const TemplateParameter& parameter,
                     std::size_t index, bool is_named) {
  if (!is_named) return index;
  return static_cast<std::size_t>(std::ranges::find(text.names, parameter.name) -
                                  text.names.begin());
}

}  // namespace

std::vector<std::string> values_of(const channel::TemplateText& text,
                                   const std::vector<TemplateParameter>& given, bool is_named) {
  std::vector<std::string> values(text.names.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::size_t place = place_of(text, given[i], i, is_named);
    if (place < values.size()) values[place] = text_of(given[i]);
  }
  return values;
}

std::size_t length_filled(const channel::TemplateText& text,
                          const std::vector<TemplateParameter>& given, bool is_named) {
  std::vector<std::size_t> lengths(text.names.size(), 0);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::size_t place = place_of(text, given[i], i, is_named);
    if (place < lengths.size()) lengths[place] = count_code_points(text_of(given[i]));
  }
  std::size_t length = count_code_points(text.text);
  for (const channel::TemplateVariable& each : text.variables) {
    const auto place =
        static_cast<std::size_t>(std::ranges::find(text.names, each.name) - text.names.begin());
    length += lengths[place];
    length -= count_code_points(std::string_view(text.text).substr(each.at, each.size));
  }
  return length;
}

}  // namespace flowsell::templates
