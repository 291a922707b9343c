#include "state/node.h"

#include <array>

namespace flowsell::sim {
namespace {

struct KindNames {
  std::string_view kind;
  std::string_view type;
};
constexpr std::array<KindNames, kNodeKinds> kKindNames = {{
    {"app", "Application"},
    {"token", "AccessToken"},
    {"code", "AuthorizationCode"},
    {"business", "Business"},
    {"account", "WhatsAppBusinessAccount"},
    {"phone", "WhatsAppBusinessPhoneNumber"},
    {"template", "WhatsAppMessageTemplate"},
    {"media", "WhatsAppMedia"},
    {"upload", "FileUploadSession"},
    {"clock", "Clock"},
    {"flow", "WhatsAppFlow"},
}};

const json::Value* find(const json::Object& object, std::string_view name) {
  return object.if_contains(name);
}

}  // namespace

std::string_view node_type_name(NodeKind kind) noexcept {
  return kKindNames[static_cast<std::size_t>(kind)].type;
}

std::string_view node_kind_name(NodeKind kind) noexcept {
  return kKindNames[static_cast<std::size_t>(kind)].kind;
}

std::string_view text_in(const json::Object& object, std::string_view name) {
  const auto* value = find(object, name);
  return value && value->is_string() ? view_of(value->get_string()) : std::string_view();
}

std::int64_t number_in(const json::Object& object, std::string_view name) {
  const auto* value = find(object, name);
  return value && value->is_int64() ? value->get_int64() : 0;
}

bool flag_in(const json::Object& object, std::string_view name) {
  const auto* value = find(object, name);
  return value && value->is_bool() && value->get_bool();
}

const json::Array& array_in(const json::Object& object, std::string_view name) {
  static const json::Array kNone;
  const auto* value = find(object, name);
  return value && value->is_array() ? value->get_array() : kNone;
}

const json::Object& object_in(const json::Object& object, std::string_view name) {
  static const json::Object kNone;
  const auto* value = find(object, name);
  return value && value->is_object() ? value->get_object() : kNone;
}

std::vector<std::string> texts_in(const json::Array& array) {
  std::vector<std::string> texts;
  for (const auto& value : array) {
    if (value.is_string()) texts.emplace_back(view_of(value.get_string()));
  }
  return texts;
}

json::Array times_after(const json::Array& times, std::int64_t since) {
  json::Array later;
  for (const auto& at : times) {
    if (at.is_int64() && at.get_int64() > since) later.push_back(at);
  }
  return later;
}

std::string_view Node::text(std::string_view name) const { return text_in(fields, name); }
std::int64_t Node::number(std::string_view name) const { return number_in(fields, name); }
bool Node::flag(std::string_view name) const { return flag_in(fields, name); }
const json::Array& Node::array(std::string_view name) const { return array_in(fields, name); }
const json::Object& Node::object(std::string_view name) const { return object_in(fields, name); }

}  // namespace flowsell::sim
