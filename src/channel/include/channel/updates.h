#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "channel/sender_state.h"
#include "core/error.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "core/time.h"
#include "json/json.h"

namespace flowsell::channel {

/// Where an update stands in what its provider sent: from there its own words can be told again
/// (Adapter::original()). Of several updates that one element gives the first has it.
struct Source {
  std::shared_ptr<const json::Document> body;  ///< what the others point into; nullptr: none
  const json::Object* entry = nullptr;
  const json::Object* change = nullptr;
  std::string_view list;  ///< of which `element` is one; empty: all of the change
  const json::Value* element = nullptr;
};

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
/// The sending has come to an end, known or not: who waits for it is told.
constexpr bool is_settled(MessageStatus status) noexcept {
  return status != MessageStatus::kAccepted && status != MessageStatus::kSending;
}

/// A provider's word about a message of ours.
struct StatusUpdate {
  std::string address;  ///< the sender's own address: WhatsApp's phone-number id
  MessageId message;    ///< from biz_opaque_callback_data; none when it was not ours
  std::string provider_message_id;
  MessageStatus status = MessageStatus::kSent;
  Time at;
  std::optional<ProviderError> error;  ///< with kFailed
  /// What else is told of it and is nobody's words, as the inside of a JSON object:
  /// "pricing":{...},"conversation":{...}
  std::string fields_json;
  Content content_json;  ///< the same of what names a person: the member of a group
  Source source = {};
};

/// What became of a message of ours beside its way: told once for each message and mark.
struct MessageMark {
  enum class Kind : std::uint8_t { kPlayed, kDeleted } kind = Kind::kPlayed;
  std::string address;
  MessageId message;
  std::string provider_message_id;
  Time at;
  Source source = {};
};

/// A file that came with a message: the provider has it, for some days.
struct InboundMedia {
  std::string provider_id;
  std::string mime_type;
  std::string sha256;  ///< 32 bytes; empty: not told
};

/// Something a person wrote to a sender of ours.
struct InboundMessage {
  std::string address;
  std::string provider_message_id;
  std::string from;          ///< E.164 with '+', or the provider's user id where no number is known
  std::string from_user_id;  ///< the provider's user id where given
  std::string group;         ///< the provider's id of the group it was written in; empty: none
  std::string kind;  ///< "text", "image", "document", "audio", "video", "sticker", "button",
                     ///< "interactive", "reaction", ...
  bool is_reaction = false;  ///< becomes message.reaction instead of message.received
  Time at;
  bool is_entry_point = false;  ///< it came by an ad or a post
  std::string context;  ///< the provider's id of the message replied or reacted to; empty: none
  std::optional<InboundMedia> media;
  /// The unified fields as the inside of a JSON object, no braces:
  /// "text":{"body":"Hello"},"profile_name":"Ana"
  Content fields_json;
  Source source = {};
};

/// What else a provider tells. The numbers are not stored.
enum class NoticeKind : std::uint8_t {
  kMessageEdited,
  kMessageRevoked,
  kMessageEcho,  ///< the business wrote it elsewhere: in the provider's own app
  kContactNumberChanged,
  kContactUserIdChanged,
  kContactIdentityChanged,
  kContactPreferencesUpdated,
  kContactSynced,  ///< of the address book of the provider's own app
  kTemplateStatusUpdated,
  kTemplateQualityUpdated,
  kTemplateComponentsUpdated,
  kTemplateCategoryUpdated,
  kSenderQualityUpdated,
  kSenderNameUpdated,
  kSenderSecurityUpdated,
  kSenderError,
  kAccountUpdated,
  kAccountAlert,
  kAccountReviewUpdated,
  kAccountCapabilityUpdated,
  kAccountPaymentConfigurationUpdated,
  kAccountPartnerSolutionUpdated,
  kFlowUpdated,
  kGroupLifecycleUpdated,
  kGroupParticipantsUpdated,
  kGroupSettingsUpdated,
  kGroupStatusUpdated,
  kCallStarted,
  kCallStatusUpdated,
  kCallEnded,
  kHistoryReceived,  ///< messages of before the sender was connected
  kHistoryDeclined,
  kConversionDetected,
};

/// Whether somebody wants marketing from a sender.
enum class MarketingChoice : std::uint8_t { kStop, kResume };

/// What became of a connected account at its provider.
enum class AccountChange : std::uint8_t {
  kPartnerRemoved,  ///< its owner has taken it from us
  kAppRemoved,      ///< the same, of our app
  kDeleted,
  kDisabled,    ///< by the provider
  kOffboarded,  ///< its number went back to the provider's own app alone
  kRestored,    ///< one of these is over
};

/// What a provider tells of a template, as it is stored: what is empty is not told.
struct TemplateNews {
  std::string provider_id;
  std::string name;
  std::string language;
  std::string status;           ///< "approved", "paused", ...
  std::string rejected_reason;  ///< with `status`; empty: none
  std::string category;
  std::string quality;
  bool is_partial = false;  ///< the provider has more to say of it than it told
};

/// What a provider tells of a flow: a form that messages open.
struct FlowNews {
  std::string provider_id;
  std::string status;  ///< "published", "throttled", "blocked", "deprecated", ...
};

/// Something that a provider tells and that is neither a status nor a message to us.
struct Notice {
  NoticeKind kind = NoticeKind::kAccountUpdated;
  std::string address;         ///< the sender's own; empty: told of the account
  std::string account;         ///< the provider's account, where there is no address
  std::string display_number;  ///< E.164, where the provider names a sender by nothing else
  std::string
      person;  ///< whom it is about: E.164 with '+' or the provider's user id; empty: nobody
  std::string user_id;      ///< the person's user id at the provider, where known beside a number
  Time at;                  ///< Time{}: none given
  std::string fields_json;  ///< as the inside of a JSON object, no braces: nobody's words or names
  Content content_json;     ///< the rest
  std::optional<MarketingChoice> choice;  ///< with kContactPreferencesUpdated, where it is one
  std::optional<AccountChange> account_change;  ///< with kAccountUpdated, where it is one
  bool opens_window = false;                    ///< the person called: as if they had written
  /// What it changes of the sender, or of all senders of the account where it is told of that.
  std::optional<SenderState> state;
  std::optional<TemplateNews> of_template;  ///< of a template
  std::optional<FlowNews> of_flow;          ///< of a flow whose status has changed
  /// As in UnknownUpdate: tells it from others, and is the same when it comes again.
  std::array<std::uint8_t, 32> digest{};
  Source source = {};
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
  Source source = {};
};

using Update = std::variant<StatusUpdate, MessageMark, InboundMessage, Notice, UnknownUpdate>;

inline Source& source_of(Update& update) {
  return std::visit([](auto& each) -> Source& { return each.source; }, update);
}
inline const Source& source_of(const Update& update) {
  return std::visit([](const auto& each) -> const Source& { return each.source; }, update);
}

/// A send that ended here, in numbers: what a provider would have told of it.
struct OwnFailure {
  std::string account;         ///< the provider's id of the sender's account
  std::string address;         ///< the sender's own
  std::string display_number;  ///< E.164
  std::string message;         ///< what the provider calls it, or our id of it
  std::string callback_data;   ///< the client's own; empty: none
  std::int64_t code = 0;       ///< the provider's; 0: it never reached it
  std::string reason;          ///< our name of why
  Time at;
};

}  // namespace flowsell::channel
