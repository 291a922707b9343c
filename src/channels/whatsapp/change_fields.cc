#include "change_fields.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "field_copy.h"
#include "provider_error.h"

namespace flowsell::whatsapp {
namespace {

struct Field {
  std::string_view name;
  bool (*read)(const Change& change, UpdateSink& sink);
};
/// reference/whatsapp.md section 4.8.
constexpr std::array kFields = {
    Field{"message_template_status_update", read_template_status},
    Field{"message_template_quality_update", read_template_quality},
    Field{"message_template_components_update", read_template_components},
    Field{"template_category_update", read_template_category},
    Field{"phone_number_quality_update", read_sender_quality},
    Field{"phone_number_name_update", read_sender_name},
    Field{"security", read_sender_security},
    Field{"account_update", read_account_update},
    Field{"account_alerts", read_account_alert},
    Field{"account_review_update", read_account_review},
    Field{"business_capability_update", read_account_capability},
    Field{"payment_configuration_update", read_payment_configuration},
    Field{"partner_solutions", read_partner_solution},
    Field{"flows", read_flow},
    Field{"automatic_events", read_conversions},
    Field{"user_preferences", read_preferences},
    Field{"smb_app_state_sync", read_contacts_sync},
    Field{"smb_message_echoes", read_echoes},
    Field{"message_echoes", read_echoes},
    Field{"history", read_history},
    Field{"calls", read_calls},
    Field{"group_lifecycle_update", read_groups},
    Field{"group_participants_update", read_groups},
    Field{"group_participant_update", read_groups},
    Field{"group_settings_update", read_groups},
    Field{"group_status_update", read_groups},
};

}  // namespace

bool read_change(const Change& change, UpdateSink& sink) {
  const auto* field = std::ranges::find(kFields, change.context.field, &Field::name);
  return field != kFields.end() && field->read(change, sink);
}

bool tell(const Change& change, channel::NoticeKind kind, json::Writer fields, UpdateSink& sink) {
  sink.notice(notice_of(change.context, kind), std::move(fields), object_writer(), change.whole);
  return true;
}

void read_error(const json::Value& element, const ChangeContext& change, channel::NoticeKind kind,
                UpdateSink& sink) {
  const json::Object* error = element.if_object();
  if (error == nullptr)
    return sink.unknown(element, change.address, std::string(change.field) + "/errors");
  const ProviderError read = read_webhook_error(*error);
  json::Writer fields = object_writer();
  write_error(fields, read);
  json::Writer content = object_writer();
  content.optional_string("provider_detail", read.text);
  sink.notice(notice_of(change, kind), std::move(fields), std::move(content), element);
}

}  // namespace flowsell::whatsapp
