#include "notices.h"

#include <algorithm>
#include <array>

#include "channel/message.h"
#include "context.h"
#include "json/writer.h"

namespace flowsell::messaging {
namespace {

using channel::Notice;
using channel::NoticeKind;
using webhook::EventType;

/// What its person is to an event.
enum class Role : std::uint8_t { kContact, kAuthor, kRecipient };

struct Row {
  NoticeKind kind;
  EventType type;
  Role role = Role::kContact;
};
constexpr std::array kRows = {
    Row{NoticeKind::kMessageEdited, EventType::kMessageEdited, Role::kAuthor},
    Row{NoticeKind::kMessageRevoked, EventType::kMessageRevoked, Role::kAuthor},
    Row{NoticeKind::kMessageEcho, EventType::kMessageEcho, Role::kRecipient},
    Row{NoticeKind::kContactNumberChanged, EventType::kContactNumberChanged},
    Row{NoticeKind::kContactUserIdChanged, EventType::kContactUserIdChanged},
    Row{NoticeKind::kContactIdentityChanged, EventType::kContactIdentityChanged},
    Row{NoticeKind::kContactPreferencesUpdated, EventType::kContactPreferencesUpdated},
    Row{NoticeKind::kContactSynced, EventType::kContactSynced},
    Row{NoticeKind::kTemplateStatusUpdated, EventType::kTemplateStatusUpdated},
    Row{NoticeKind::kTemplateQualityUpdated, EventType::kTemplateQualityUpdated},
    Row{NoticeKind::kTemplateComponentsUpdated, EventType::kTemplateComponentsUpdated},
    Row{NoticeKind::kTemplateCategoryUpdated, EventType::kTemplateCategoryUpdated},
    Row{NoticeKind::kSenderQualityUpdated, EventType::kSenderQualityUpdated},
    Row{NoticeKind::kSenderNameUpdated, EventType::kSenderNameUpdated},
    Row{NoticeKind::kSenderSecurityUpdated, EventType::kSenderSecurityUpdated},
    Row{NoticeKind::kSenderError, EventType::kSenderError},
    Row{NoticeKind::kAccountUpdated, EventType::kAccountUpdated},
    Row{NoticeKind::kAccountAlert, EventType::kAccountAlert},
    Row{NoticeKind::kAccountReviewUpdated, EventType::kAccountReviewUpdated},
    Row{NoticeKind::kAccountCapabilityUpdated, EventType::kAccountCapabilityUpdated},
    Row{NoticeKind::kAccountPaymentConfigurationUpdated,
        EventType::kAccountPaymentConfigurationUpdated},
    Row{NoticeKind::kAccountPartnerSolutionUpdated, EventType::kAccountPartnerSolutionUpdated},
    Row{NoticeKind::kFlowUpdated, EventType::kFlowUpdated},
    Row{NoticeKind::kGroupLifecycleUpdated, EventType::kGroupLifecycleUpdated},
    Row{NoticeKind::kGroupParticipantsUpdated, EventType::kGroupParticipantsUpdated},
    Row{NoticeKind::kGroupSettingsUpdated, EventType::kGroupSettingsUpdated},
    Row{NoticeKind::kGroupStatusUpdated, EventType::kGroupStatusUpdated},
    Row{NoticeKind::kCallStarted, EventType::kCallStarted},
    Row{NoticeKind::kCallStatusUpdated, EventType::kCallStatusUpdated},
    Row{NoticeKind::kCallEnded, EventType::kCallEnded},
    Row{NoticeKind::kHistoryReceived, EventType::kHistoryReceived},
    Row{NoticeKind::kHistoryDeclined, EventType::kHistoryDeclined},
    Row{NoticeKind::kConversionDetected, EventType::kConversionDetected},
};

const Row& row_of(NoticeKind kind) noexcept { return *std::ranges::find(kRows, kind, &Row::kind); }

std::string_view person_key(Role role) {
  return role == Role::kAuthor ? "from" : role == Role::kRecipient ? "to" : "contact";
}

std::string masked(std::string_view person) {
  const auto recipient = channel::Recipient::parse(person);
  return recipient ? recipient->masked() : std::string();
}

}  // namespace

EventType event_of(NoticeKind kind) noexcept { return row_of(kind).type; }

bool is_of_sender(const Notice& notice, const connections::Sender& sender) {
  return !notice.address.empty() ||
         (!notice.display_number.empty() && notice.display_number == sender.display_number);
}

std::string body_of(const Notice& notice, const connections::Sender& sender) {
  json::Writer out;
  out.begin_object().key("provider").string(sender.adapter->name());
  out.key("connection_id").string(sender.connection.str());
  if (is_of_sender(notice, sender)) out.key("sender_id").string(sender.id.str());
  if (!notice.person.empty()) {
    out.key(std::string(person_key(row_of(notice.kind).role)) + "_masked")
        .string(masked(notice.person));
  }
  out.end_object();
  std::string body = fields_of(std::move(out));
  add_fields(body, notice.fields_json);
  return body;
}

Content content_of(Notice& notice) {
  if (notice.person.empty()) return std::move(notice.content_json);
  std::string content = json::quoted(person_key(row_of(notice.kind).role));
  content.append(":").append(json::quoted(notice.person));
  add_fields(content, notice.content_json.reveal());
  return Content(std::move(content));
}

}  // namespace flowsell::messaging
