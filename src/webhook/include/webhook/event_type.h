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
  kMessagePlayed = 11,
  kMessageDeleted = 12,
  kMessageEdited = 13,
  kMessageRevoked = 14,
  kMessageEcho = 15,
  kContactNumberChanged = 20,
  kContactUserIdChanged = 21,
  kContactIdentityChanged = 22,
  kContactPreferencesUpdated = 23,
  kContactSynced = 24,
  kTemplateStatusUpdated = 30,
  kTemplateQualityUpdated = 31,
  kTemplateComponentsUpdated = 32,
  kTemplateCategoryUpdated = 33,
  kSenderQualityUpdated = 40,
  kSenderNameUpdated = 41,
  kSenderSecurityUpdated = 42,
  kSenderError = 43,
  kAccountUpdated = 50,
  kAccountAlert = 51,
  kAccountReviewUpdated = 52,
  kAccountCapabilityUpdated = 53,
  kAccountPaymentConfigurationUpdated = 54,
  kAccountPartnerSolutionUpdated = 55,
  kFlowUpdated = 60,
  kGroupLifecycleUpdated = 70,
  kGroupParticipantsUpdated = 71,
  kGroupSettingsUpdated = 72,
  kGroupStatusUpdated = 73,
  kCallStarted = 80,
  kCallStatusUpdated = 81,
  kCallEnded = 82,
  kHistoryReceived = 90,
  kHistoryDeclined = 91,
  kConversionDetected = 95,
  kConnectionUpdated = 110,
  kOnboardingSessionUpdated = 120,
  kProviderWebhook = 200,  ///< the provider's own words, for endpoints that ask for its format
};
std::string_view event_type_name(EventType type) noexcept;
/// The object in its data that tells of it: "message", "template", "update", ...
std::string_view object_name(EventType type) noexcept;
/// True for what a customer said, or who it was: without its content such an event says little.
bool always_has_content(EventType type) noexcept;
/// True for what a provider may repeat and no row of ours would show: it is told once for each
/// subject. The index events_once is of the same.
constexpr bool is_told_once(EventType type) noexcept { return type >= EventType::kProviderUnknown; }
std::optional<EventType> parse_event_type(std::string_view name) noexcept;

/// True for "*", a type's name, or a head and ".*" under which at least one type stands:
/// "message.*".
bool is_event_pattern(std::string_view pattern) noexcept;
bool matches(std::string_view pattern, EventType type) noexcept;

}  // namespace flowsell::webhook
