#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/error.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "core/time.h"

namespace flowsell::channel {

/// Where a message stands. Numbers are stored: never renumber. They rise along the way that a
/// message goes.
enum class MessageStatus : std::uint8_t {
  kAccepted = 10,
  kSending = 20,
  kUnknown = 30,
  kSent = 40,
  kFailed = 45,
  kDelivered = 50,
  kRead = 60,
  kReceived = 70,  ///< an inbound message
};
std::string_view status_name(MessageStatus status) noexcept;
std::optional<MessageStatus> parse_status(std::string_view name) noexcept;

/// True when a message may go from `from` to `to`. Status only moves forward, in whatever order
/// proofs arrive: unknown gives way to every proof (sent, failed, delivered, read); failed only to
/// proof of delivery; nothing else goes back.
bool may_follow(MessageStatus from, MessageStatus to) noexcept;

/// A provider's word about a message of ours.
struct StatusUpdate {
  std::string address;  ///< the sender's own address: WhatsApp's phone-number id
  MessageId message;    ///< from biz_opaque_callback_data; none when it was not ours
  std::string provider_message_id;
  MessageStatus status = MessageStatus::kSent;
  Time at;
  std::optional<ProviderError> error;  ///< with kFailed
};

/// Something a person wrote to a sender of ours.
struct InboundMessage {
  std::string address;
  std::string provider_message_id;
  std::string from;          ///< E.164 with '+', or the provider's user id where no number is known
  std::string from_user_id;  ///< the provider's user id where given
  std::string kind;  ///< "text", "image", "document", "audio", "video", "sticker", "button",
                     ///< "interactive", "reaction", ...
  bool is_reaction = false;  ///< becomes message.reaction instead of message.received
  Time at;
  std::string context;  ///< the provider's id of the message replied or reacted to; empty: none
  /// The unified fields as the inside of a JSON object, no braces:
  /// "text":{"body":"Hello"},"profile_name":"Ana"
  Content fields_json;
};

/// What was verified but not understood: its envelope only, no payload.
struct UnknownUpdate {
  std::string address;  ///< empty: none found
  std::string
      field;  ///< the provider's own name of what it was: "messages/order", "account_update"
  /// An id to search by, when there was one; without an address, the account's (WhatsApp: WABA id).
  std::string provider_id;
  Time at;  ///< Time{}: none given
  /// SHA-256 of all that the provider said: tells it from another of the same field, id and time,
  /// and is the same when it comes again. Never stored or shown as it is: content can be guessed.
  std::array<std::uint8_t, 32> digest{};
};

using Update = std::variant<StatusUpdate, InboundMessage, UnknownUpdate>;

}  // namespace flowsell::channel
