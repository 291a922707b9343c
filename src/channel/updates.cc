#include "channel/updates.h"

#include <algorithm>
#include <array>
#include <utility>

namespace flowsell::channel {
namespace {

using enum MessageStatus;

constexpr std::array<std::pair<MessageStatus, std::string_view>, 8> kNames = {{
    {kAccepted, "accepted"},
    {kSending, "sending"},
    {kUnknown, "unknown"},
    {kSent, "sent"},
    {kFailed, "failed"},
    {kDelivered, "delivered"},
    {kRead, "read"},
    {kReceived, "received"},
}};

}  // namespace

std::string_view status_name(MessageStatus status) noexcept {
  const auto* row = std::ranges::find(kNames, status, &decltype(kNames)::value_type::first);
  return row == kNames.end() ? std::string_view{} : row->second;
}

std::optional<MessageStatus> parse_status(std::string_view name) noexcept {
  const auto* row = std::ranges::find(kNames, name, &decltype(kNames)::value_type::second);
  if (row == kNames.end()) return std::nullopt;
  return row->first;
}

bool may_follow(MessageStatus from, MessageStatus to) noexcept {
  // An inbound message has no way to go, and nothing outbound becomes one.
  if (from == kReceived || to == kReceived) return false;
  // The numbers were chosen so that every proof is higher than what it may replace: failed stands
  // between sent and delivered, because only a delivery disproves it.
  return std::to_underlying(to) > std::to_underlying(from);
}

}  // namespace flowsell::channel
