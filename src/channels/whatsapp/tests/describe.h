#pragma once

#include <string>
#include <variant>

#include "channel/updates.h"
#include "json/writer.h"

namespace flowsell::whatsapp {

/// An update as JSON: what a table of expected outcomes says of it.
class Describe {
 public:
  std::string operator()(const channel::StatusUpdate& update) const {
    json::Writer out = begin("status", update.address, update.at);
    out.key("message").string_or_null(update.message.is_none() ? "" : update.message.str());
    out.key("provider_id").string(update.provider_message_id);
    out.key("status").string(channel::status_name(update.status));
    if (update.error) {
      out.key("error").begin_object().key("code").integer(update.error->code);
      out.key("reason").string(update.error->reason);
      out.key("text").string(update.error->text).end_object();
    }
    return end(std::move(out), update.fields_json, update.content_json);
  }
  std::string operator()(const channel::MessageMark& update) const {
    json::Writer out = begin("mark", update.address, update.at);
    out.key("message").string_or_null(update.message.is_none() ? "" : update.message.str());
    out.key("provider_id").string(update.provider_message_id);
    out.key("kind").string(update.kind == channel::MessageMark::Kind::kPlayed ? "played"
                                                                              : "deleted");
    return end(std::move(out), {}, {});
  }
  std::string operator()(const channel::InboundMessage& update) const {
    json::Writer out = begin("message", update.address, update.at);
    out.key("kind").string(update.kind).key("provider_id").string(update.provider_message_id);
    out.key("from").string(update.from).optional_string("from_user_id", update.from_user_id);
    out.optional_string("group", update.group).optional_string("context", update.context);
    if (update.is_reaction) out.key("is_reaction").boolean(true);
    if (update.is_entry_point) out.key("is_entry_point").boolean(true);
    return end(std::move(out), {}, update.fields_json);
  }
  std::string operator()(const channel::Notice& update) const {
    json::Writer out = begin("notice", update.address, update.at);
    out.key("kind").string(kind_name(update.kind)).optional_string("account", update.account);
    out.optional_string("display_number", update.display_number);
    out.optional_string("person", update.person).optional_string("user_id", update.user_id);
    if (update.choice) {
      out.key("choice").string(*update.choice == channel::MarketingChoice::kStop ? "stop"
                                                                                 : "resume");
    }
    if (update.opens_window) out.key("opens_window").boolean(true);
    return end(std::move(out), update.fields_json, update.content_json);
  }
  std::string operator()(const channel::UnknownUpdate& update) const {
    json::Writer out = begin("unknown", update.address, update.at);
    out.key("field").string(update.field).optional_string("provider_id", update.provider_id);
    return end(std::move(out), {}, {});
  }

  static std::string_view kind_name(channel::NoticeKind kind);

 private:
  static json::Writer begin(std::string_view update, std::string_view address, Time at) {
    json::Writer out;
    out.begin_object().key("update").string(update).optional_string("address", address);
    if (at != Time{}) out.key("at").string(format_time(at));
    return out;
  }
  static std::string end(json::Writer out, const std::string& fields, const Content& content) {
    if (!fields.empty()) out.key("fields").raw("{" + fields + "}");
    if (!content.empty()) out.key("content").raw("{" + std::string(content.reveal()) + "}");
    out.end_object();
    return std::move(out).take();
  }
};

inline std::string_view Describe::kind_name(channel::NoticeKind kind) {
  using enum channel::NoticeKind;
  switch (kind) {
    case kMessageEdited:
      return "message_edited";
    case kMessageRevoked:
      return "message_revoked";
    case kMessageEcho:
      return "message_echo";
    case kContactNumberChanged:
      return "contact_number_changed";
    case kContactUserIdChanged:
      return "contact_user_id_changed";
    case kContactIdentityChanged:
      return "contact_identity_changed";
    case kContactPreferencesUpdated:
      return "contact_preferences_updated";
    case kContactSynced:
      return "contact_synced";
    case kTemplateStatusUpdated:
      return "template_status_updated";
    case kTemplateQualityUpdated:
      return "template_quality_updated";
    case kTemplateComponentsUpdated:
      return "template_components_updated";
    case kTemplateCategoryUpdated:
      return "template_category_updated";
    case kSenderQualityUpdated:
      return "sender_quality_updated";
    case kSenderNameUpdated:
      return "sender_name_updated";
    case kSenderSecurityUpdated:
      return "sender_security_updated";
    case kSenderError:
      return "sender_error";
    case kAccountUpdated:
      return "account_updated";
    case kAccountAlert:
      return "account_alert";
    case kAccountReviewUpdated:
      return "account_review_updated";
    case kAccountCapabilityUpdated:
      return "account_capability_updated";
    case kAccountPaymentConfigurationUpdated:
      return "account_payment_configuration_updated";
    case kAccountPartnerSolutionUpdated:
      return "account_partner_solution_updated";
    case kFlowUpdated:
      return "flow_updated";
    case kGroupLifecycleUpdated:
      return "group_lifecycle_updated";
    case kGroupParticipantsUpdated:
      return "group_participants_updated";
    case kGroupSettingsUpdated:
      return "group_settings_updated";
    case kGroupStatusUpdated:
      return "group_status_updated";
    case kCallStarted:
      return "call_started";
    case kCallStatusUpdated:
      return "call_status_updated";
    case kCallEnded:
      return "call_ended";
    case kHistoryReceived:
      return "history_received";
    case kHistoryDeclined:
      return "history_declined";
    case kConversionDetected:
      return "conversion_detected";
  }
  return "";
}

}  // namespace flowsell::whatsapp
