#include "webhook/event_type.h"

#include <algorithm>
#include <array>
#include <utility>

namespace flowsell::webhook {
namespace {

using enum EventType;
constexpr std::array<std::pair<EventType, std::string_view>, 10> kNames = {{
    {kMessageAccepted, "message.accepted"},
    {kMessageSending, "message.sending"},
    {kMessageSent, "message.sent"},
    {kMessageDelivered, "message.delivered"},
    {kMessageRead, "message.read"},
    {kMessageFailed, "message.failed"},
    {kMessageUnknown, "message.unknown"},
    {kMessageReceived, "message.received"},
    {kMessageReaction, "message.reaction"},
    {kProviderUnknown, "provider.unknown"},
}};

}  // namespace

std::string_view event_type_name(EventType type) noexcept {
  for (const auto& [each, name] : kNames) {
    if (each == type) return name;
  }
  return "";
}

std::optional<EventType> parse_event_type(std::string_view name) noexcept {
  for (const auto& [type, each] : kNames) {
    if (each == name) return type;
  }
  return std::nullopt;
}

bool matches(std::string_view pattern, EventType type) noexcept {
  const std::string_view name = event_type_name(type);
  if (pattern == "*" || pattern == name) return true;
  return pattern.ends_with(".*") && name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_event_pattern(std::string_view pattern) noexcept {
  return std::ranges::any_of(
      kNames, [pattern](const auto& entry) { return matches(pattern, entry.first); });
}

}  // namespace flowsell::webhook
