#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace flowsell::webhook {

/// Numbers are stored: never renumber.
enum class EventType : std::uint8_t {
  kMessageAccepted = 1,
  kMessageSending = 2,
  kMessageSent = 3,
  kMessageDelivered = 4,
  kMessageRead = 5,
  kMessageFailed = 6,
  kMessageUnknown = 7,
  kMessageReceived = 8,
  kMessageReaction = 9,
  kProviderUnknown = 10,
};
std::string_view event_type_name(EventType type) noexcept;
/// True for what a customer said: without its content such an event says little.
constexpr bool is_inbound(EventType type) noexcept {
  return type == EventType::kMessageReceived || type == EventType::kMessageReaction;
}
std::optional<EventType> parse_event_type(std::string_view name) noexcept;

/// True for "*", a type's name, or a head and ".*" under which at least one type stands:
/// "message.*".
bool is_event_pattern(std::string_view pattern) noexcept;
bool matches(std::string_view pattern, EventType type) noexcept;

}  // namespace flowsell::webhook
