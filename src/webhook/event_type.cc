#include "webhook/event_type.h"

#include <algorithm>
#include <array>

namespace flowsell::webhook {
namespace {

using enum EventType;
struct Row {
  EventType type;
  std::string_view name;
  std::string_view object;
  bool has_content = false;  ///< always
};
constexpr std::array kRows = {
    Row{kMessageAccepted, "message.accepted", "message"},
    Row{kMessageSending, "message.sending", "message"},
    Row{kMessageSent, "message.sent", "message"},
    Row{kMessageDelivered, "message.delivered", "message"},
    Row{kMessageRead, "message.read", "message"},
    Row{kMessageFailed, "message.failed", "message"},
    Row{kMessageUnknown, "message.unknown", "message"},
    Row{kMessageReceived, "message.received", "message", true},
    Row{kMessageReaction, "message.reaction", "message", true},
    Row{kMessagePlayed, "message.played", "message"},
    Row{kMessageDeleted, "message.deleted", "message"},
    Row{kMessageEdited, "message.edited", "message", true},
    Row{kMessageRevoked, "message.revoked", "message", true},
    Row{kMessageEcho, "message.echo", "message", true},
    Row{kContactNumberChanged, "contact.number_changed", "contact", true},
    Row{kContactUserIdChanged, "contact.user_id_changed", "contact", true},
    Row{kContactIdentityChanged, "contact.identity_changed", "contact", true},
    Row{kContactPreferencesUpdated, "contact.preferences_updated", "contact", true},
    Row{kContactSynced, "contact.synced", "contact", true},
    Row{kTemplateStatusUpdated, "template.status_updated", "template"},
    Row{kTemplateQualityUpdated, "template.quality_updated", "template"},
    Row{kTemplateComponentsUpdated, "template.components_updated", "template"},
    Row{kTemplateCategoryUpdated, "template.category_updated", "template"},
    Row{kSenderQualityUpdated, "sender.quality_updated", "sender"},
    Row{kSenderNameUpdated, "sender.name_updated", "sender"},
    Row{kSenderSecurityUpdated, "sender.security_updated", "sender"},
    Row{kSenderError, "sender.error", "sender"},
    Row{kAccountUpdated, "account.updated", "account"},
    Row{kAccountAlert, "account.alert", "account"},
    Row{kAccountReviewUpdated, "account.review_updated", "account"},
    Row{kAccountCapabilityUpdated, "account.capability_updated", "account"},
    Row{kAccountPaymentConfigurationUpdated, "account.payment_configuration_updated", "account"},
    Row{kAccountPartnerSolutionUpdated, "account.partner_solution_updated", "account"},
    Row{kFlowUpdated, "flow.updated", "flow"},
    Row{kGroupLifecycleUpdated, "group.lifecycle_updated", "group"},
    Row{kGroupParticipantsUpdated, "group.participants_updated", "group"},
    Row{kGroupSettingsUpdated, "group.settings_updated", "group"},
    Row{kGroupStatusUpdated, "group.status_updated", "group"},
    Row{kCallStarted, "call.started", "call", true},
    Row{kCallStatusUpdated, "call.status_updated", "call", true},
    Row{kCallEnded, "call.ended", "call", true},
    Row{kHistoryReceived, "history.received", "history", true},
    Row{kHistoryDeclined, "history.declined", "history"},
    Row{kConversionDetected, "conversion.detected", "conversion", true},
    Row{kConnectionUpdated, "connection.updated", "connection"},
    Row{kOnboardingSessionUpdated, "onboarding_session.updated", "onboarding_session"},
    Row{kProviderUnknown, "provider.unknown", "update"},
    Row{kProviderWebhook, "provider.webhook", "webhook", true},
};

const Row* row_of(EventType type) noexcept {
  const auto* row = std::ranges::find(kRows, type, &Row::type);
  return row == kRows.end() ? nullptr : row;
}

}  // namespace

std::string_view event_type_name(EventType type) noexcept {
  const Row* row = row_of(type);
  return row == nullptr ? std::string_view() : row->name;
}

std::string_view object_name(EventType type) noexcept {
  const Row* row = row_of(type);
  return row == nullptr ? std::string_view("update") : row->object;
}

bool always_has_content(EventType type) noexcept {
  const Row* row = row_of(type);
  return row != nullptr && row->has_content;
}

std::optional<EventType> parse_event_type(std::string_view name) noexcept {
  const auto* row = std::ranges::find(kRows, name, &Row::name);
  return row == kRows.end() ? std::nullopt : std::optional(row->type);
}

bool matches(std::string_view pattern, EventType type) noexcept {
  const std::string_view name = event_type_name(type);
  if (pattern == "*" || pattern == name) return true;
  return pattern.ends_with(".*") && name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_event_pattern(std::string_view pattern) noexcept {
  // The provider's own words go to those who have its format, whatever tells the same.
  return std::ranges::any_of(kRows, [pattern](const Row& row) {
    return row.type != kProviderWebhook && matches(pattern, row.type);
  });
}

}  // namespace flowsell::webhook
