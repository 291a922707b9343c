#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json.h"

namespace flowsell::sim {

/// What kinds of thing the simulated Graph holds. Order as in kKindNames.
enum class NodeKind : std::uint8_t {
  kApp,
  kToken,  ///< its id is the token
  kCode,   ///< of an authorisation; its id is the code
  kBusiness,
  kAccount,  ///< a WhatsApp Business Account (WABA)
  kPhone,
  kTemplate,
  kMedia,
  kUpload,  ///< a resumable upload
  kClock,   ///< one: how far the virtual clock is ahead
  kFlow,
};
inline constexpr std::size_t kNodeKinds = 11;

/// As Meta's errors call it: "WhatsAppBusinessAccount".
std::string_view node_type_name(NodeKind kind) noexcept;
/// As the file of the state calls it: "account".
std::string_view node_kind_name(NodeKind kind) noexcept;

/// One thing of the Graph. `fields` are as GET shows them; names that begin with '_' are the
/// simulator's own and never shown.
struct Node {
  NodeKind kind = NodeKind::kApp;
  std::string id;
  json::Object fields;

  /// Empty when absent or no string.
  std::string_view text(std::string_view name) const;
  /// 0 when absent or no number.
  std::int64_t number(std::string_view name) const;
  bool flag(std::string_view name) const;
  /// Empty when absent or no array or object.
  const json::Array& array(std::string_view name) const;
  const json::Object& object(std::string_view name) const;
};

/// The same of any object.
std::string_view text_in(const json::Object& object, std::string_view name);
std::int64_t number_in(const json::Object& object, std::string_view name);
bool flag_in(const json::Object& object, std::string_view name);
const json::Array& array_in(const json::Object& object, std::string_view name);
const json::Object& object_in(const json::Object& object, std::string_view name);
/// The strings of an array.
std::vector<std::string> texts_in(const json::Array& array);
/// Those of an array of times that are later than `since`.
json::Array times_after(const json::Array& times, std::int64_t since);
/// An array of that one element, also where it is an array itself.
inline json::Array list_of(json::Value element) {
  json::Array list;
  list.push_back(std::move(element));
  return list;
}
inline std::string_view view_of(const boost::json::string& text) {
  return {text.data(), text.size()};
}
inline std::string_view view_of(const boost::json::string_view& text) {
  return {text.data(), text.size()};
}

}  // namespace flowsell::sim
