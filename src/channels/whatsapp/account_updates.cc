// What Meta tells of a business account, its payments, partners, flows and ads.
#include <array>
#include <optional>
#include <utility>

#include "change_fields.h"
#include "field_copy.h"
#include "fields.h"

namespace flowsell::whatsapp {
namespace {

using channel::Notice;
using channel::NoticeKind;
using json::Object;
using json::Writer;

void write_texts(Writer& out, std::string_view name, const Object& value, std::string_view from) {
  const json::Array* elements = array_in(value, from);
  if (elements == nullptr) return;
  out.key(name).begin_array();
  for (const json::Value& each : *elements) {
    if (each.is_string()) out.string(std::string_view(each.get_string()));
    if (each.is_int64()) out.string(std::to_string(each.get_int64()));
  }
  out.end_array();
}

// --- account_update ---

constexpr std::array kAccountFields = {Copied{"event", "event", As::kName},
                                       Copied{"country", "country", As::kText},
                                       Copied{"phone_number", "phone_number", As::kText}};
constexpr std::array kRestrictionFields = {Copied{"restriction_type", "type", As::kName},
                                           Copied{"expiration", "expires_at", As::kTime},
                                           Copied{"remediation", "remediation", As::kText}};
constexpr std::array kViolationFields = {Copied{"violation_type", "type", As::kName},
                                         Copied{"remediation", "remediation", As::kText}};
constexpr std::array kBanFields = {Copied{"waba_ban_state", "state", As::kName},
                                   Copied{"waba_ban_date", "date", As::kText}};
constexpr std::array kPartnerFields = {Copied{"waba_id", "account_id", As::kId},
                                       Copied{"owner_business_id", "owner_business_id", As::kId},
                                       Copied{"partner_app_id", "partner_app_id", As::kId},
                                       Copied{"ad_account_linked", "ad_account_id", As::kId},
                                       Copied{"solution_id", "solution_id", As::kId}};
constexpr std::array kDisconnectionFields = {Copied{"reason", "reason", As::kName},
                                             Copied{"initiated_by", "initiated_by", As::kName}};
constexpr std::array kVolumeFields = {
    Copied{"pricing_category", "category", As::kName}, Copied{"tier", "tier", As::kText},
    Copied{"region", "region", As::kText}, Copied{"effective_month", "effective_month", As::kText},
    Copied{"tier_update_time", "updated_at", As::kTime}};
constexpr std::array kCertificationFields = {
    Copied{"client_business_id", "client_business_id", As::kId},
    Copied{"status", "status", As::kName}};
constexpr std::array kInternationalFields = {Copied{"start_time", "starts_at", As::kTime}};
constexpr std::array kExceptionFields = {Copied{"country_code", "country", As::kText},
                                         Copied{"start_time", "starts_at", As::kTime}};

void write_partner(Writer& out, const Object* partner) {
  if (partner == nullptr) return;
  out.key("partner").begin_object();
  copy_fields(out, *partner, kPartnerFields);
  write_texts(out, "solution_partner_business_ids", *partner, "solution_partner_business_ids");
  out.end_object();
}

void write_certification(Writer& out, const Object* certification) {
  if (certification == nullptr) return;
  out.key("certification").begin_object();
  copy_fields(out, *certification, kCertificationFields);
  write_texts(out, "rejection_reasons", *certification, "rejection_reasons");
  out.end_object();
}

void write_international(Writer& out, const Object* rates) {
  if (rates == nullptr) return;
  out.key("authentication_international").begin_object();
  copy_fields(out, *rates, kInternationalFields);
  copy_list(out, "exception_countries", array_in(*rates, "exception_countries"), kExceptionFields);
  out.end_object();
}

/// Whether it says that the account can't be used any more, or can be again.
std::optional<channel::AccountChange> account_change_of(const Object& value) {
  using enum channel::AccountChange;
  constexpr std::array<std::pair<std::string_view, channel::AccountChange>, 5> kEvents = {
      {{"PARTNER_REMOVED", kPartnerRemoved},
       {"PARTNER_APP_UNINSTALLED", kAppRemoved},
       {"ACCOUNT_DELETED", kDeleted},
       {"ACCOUNT_OFFBOARDED", kOffboarded},
       {"ACCOUNT_RECONNECTED", kRestored}}};
  const std::string event = scalar_in(value, "event");
  for (const auto& [name, change] : kEvents)
    if (name == event) return change;
  const Object* ban = object_in(value, "ban_info");
  if (event != "DISABLED_UPDATE" || ban == nullptr) return std::nullopt;
  const std::string_view state = text_in(*ban, "waba_ban_state");
  if (state == "DISABLE") return kDisabled;
  return state == "REINSTATE" ? std::optional(kRestored) : std::nullopt;
}

/// What an account's end or ban makes of its numbers.
std::optional<channel::SenderState> account_state(const Object& value) {
  const std::string event = plain_name(scalar_in(value, "event"));
  const Object* ban = object_in(value, "ban_info");
  const std::string ban_state =
      ban == nullptr ? std::string() : plain_name(scalar_in(*ban, "waba_ban_state"));
  channel::SenderState state;
  if (event == "account_deleted") state.status = "deleted";
  if (event == "disabled_update" && ban_state == "disable") state.status = "banned";
  if (event == "disabled_update" && ban_state == "reinstate") state.status = "connected";
  if (state.status.empty()) return std::nullopt;
  return state;
}

// --- the others ---

constexpr std::array kAlertFields = {Copied{"alert_severity", "severity", As::kName},
                                     Copied{"alert_status", "status", As::kName},
                                     Copied{"alert_type", "alert_type", As::kName},
                                     Copied{"alert_description", "description", As::kText}};
constexpr std::array kEntityFields = {Copied{"entity_type", "entity_type", As::kName},
                                      Copied{"entity_id", "entity_id", As::kId}};
constexpr std::array kReviewFields = {Copied{"decision", "decision", As::kName}};
constexpr std::array kNumbersFields = {
    Copied{"max_phone_numbers_per_waba", "phone_numbers_max_per_account", As::kInteger},
    Copied{"max_phone_numbers_per_business", "phone_numbers_max", As::kInteger}};
constexpr std::array kPaymentFields = {Copied{"configuration_name", "name", As::kText},
                                       Copied{"provider_name", "payment_provider", As::kText},
                                       Copied{"provider_mid", "merchant_id", As::kText},
                                       Copied{"status", "status", As::kName},
                                       Copied{"created_timestamp", "created_at", As::kTime},
                                       Copied{"updated_timestamp", "updated_at", As::kTime}};
constexpr std::array kSolutionFields = {Copied{"event", "event", As::kName},
                                        Copied{"solution_id", "solution_id", As::kId},
                                        Copied{"solution_status", "status", As::kName}};
constexpr std::array kFlowFields = {Copied{"event", "event", As::kName},
                                    Copied{"flow_id", "provider_id", As::kId},
                                    Copied{"old_status", "previous_status", As::kName},
                                    Copied{"new_status", "status", As::kName},
                                    Copied{"message", "description", As::kText},
                                    Copied{"warning", "warning", As::kText},
                                    Copied{"alert_state", "alert_state", As::kName},
                                    Copied{"error_rate", "error_rate", As::kDecimal},
                                    Copied{"threshold", "threshold", As::kDecimal},
                                    Copied{"availability", "availability", As::kDecimal},
                                    Copied{"p50_latency", "p50_latency_ms", As::kDecimal},
                                    Copied{"p90_latency", "p90_latency_ms", As::kDecimal},
                                    Copied{"requests_count", "requests", As::kInteger},
                                    Copied{"errors_count", "error_count", As::kInteger}};
constexpr std::array kFlowErrorFields = {Copied{"error_type", "type", As::kName},
                                         Copied{"error_rate", "rate", As::kDecimal},
                                         Copied{"error_count", "count", As::kInteger}};

/// A tier's name, or a number: -1 says that there is no limit.
void write_limit(Writer& out, std::string_view name, const Object& value, std::string_view from) {
  const std::string limit = scalar_in(value, from);
  if (!limit.empty()) out.key(name).string(limit == "-1" ? "unlimited" : plain_name(limit));
}

}  // namespace

bool read_account_update(const Change& change, UpdateSink& sink) {
  const Object& value = change.value;
  if (scalar_in(value, "event").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, value, kAccountFields);
  copy_list(fields, "restrictions", array_in(value, "restriction_info"), kRestrictionFields);
  copy_object(fields, "violation", object_in(value, "violation_info"), kViolationFields);
  copy_object(fields, "ban", object_in(value, "ban_info"), kBanFields);
  write_partner(fields, object_in(value, "waba_info"));
  copy_object(fields, "disconnection", object_in(value, "disconnection_info"),
              kDisconnectionFields);
  copy_object(fields, "volume_tier", object_in(value, "volume_tier_info"), kVolumeFields);
  write_certification(fields, object_in(value, "partner_client_certification_info"));
  write_international(fields, object_in(value, "auth_international_rate_eligibility"));
  Notice notice = notice_of(change.context, NoticeKind::kAccountUpdated);
  notice.account_change = account_change_of(value);
  notice.state = account_state(value);
  sink.notice(std::move(notice), std::move(fields), object_writer(), change.whole);
  return true;
}

bool read_account_alert(const Change& change, UpdateSink& sink) {
  const Object* alert = object_in(change.value, "alert_info");
  // Some payloads have the alert's fields beside the entity's.
  if (alert == nullptr) alert = &change.value;
  if (scalar_in(*alert, "alert_type").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, change.value, kEntityFields);
  copy_fields(fields, *alert, kAlertFields);
  return tell(change, NoticeKind::kAccountAlert, std::move(fields), sink);
}

bool read_account_review(const Change& change, UpdateSink& sink) {
  if (scalar_in(change.value, "decision").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, change.value, kReviewFields);
  return tell(change, NoticeKind::kAccountReviewUpdated, std::move(fields), sink);
}

bool read_account_capability(const Change& change, UpdateSink& sink) {
  Writer fields = object_writer();
  write_limit(fields, "messaging_limit", change.value, "max_daily_conversations_per_business");
  write_limit(fields, "messaging_limit_per_number", change.value,
              "max_daily_conversation_per_phone");
  copy_fields(fields, change.value, kNumbersFields);
  if (inside_of(fields).empty()) return false;
  Notice notice = notice_of(change.context, NoticeKind::kAccountCapabilityUpdated);
  auto tier = tier_named(scalar_in(change.value, "max_daily_conversations_per_business"));
  if (!tier.empty()) {
    notice.state.emplace();
    notice.state->messaging_limit = std::move(tier);
  }
  sink.notice(std::move(notice), std::move(fields), object_writer(), change.whole);
  return true;
}

bool read_payment_configuration(const Change& change, UpdateSink& sink) {
  if (scalar_in(change.value, "configuration_name").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, change.value, kPaymentFields);
  return tell(change, NoticeKind::kAccountPaymentConfigurationUpdated, std::move(fields), sink);
}

bool read_partner_solution(const Change& change, UpdateSink& sink) {
  if (scalar_in(change.value, "event").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, change.value, kSolutionFields);
  return tell(change, NoticeKind::kAccountPartnerSolutionUpdated, std::move(fields), sink);
}

bool read_flow(const Change& change, UpdateSink& sink) {
  if (scalar_in(change.value, "event").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, change.value, kFlowFields);
  copy_list(fields, "errors", array_in(change.value, "errors"), kFlowErrorFields);
  Notice notice = notice_of(change.context, NoticeKind::kFlowUpdated);
  channel::FlowNews news{scalar_in(change.value, "flow_id"), stated_in(change.value, "new_status")};
  if (!news.provider_id.empty() && !news.status.empty()) notice.of_flow = std::move(news);
  sink.notice(std::move(notice), std::move(fields), object_writer(), change.whole);
  return true;
}

bool read_conversions(const Change& change, UpdateSink& sink) {
  const json::Array* events = array_in(change.value, "automatic_events");
  if (events == nullptr || events->empty()) return false;
  for (const json::Value& each : *events) {
    const Object* event = each.if_object();
    const std::string name = event == nullptr ? std::string() : scalar_in(*event, "event_name");
    if (name.empty()) {
      sink.unknown(each, change.context.address, "automatic_events/other");
      continue;
    }
    Notice notice = notice_of(change.context, NoticeKind::kConversionDetected);
    notice.at = read_time(*event, "timestamp").value_or(change.context.now);
    Writer fields = object_writer();
    fields.key("event").string(name == "LeadSubmitted" ? "lead_submitted" : plain_name(name));
    if (const Object* data = object_in(*event, "custom_data")) {
      constexpr std::array kValueFields = {Copied{"currency", "currency", As::kText},
                                           Copied{"value", "value", As::kDecimal}};
      copy_fields(fields, *data, kValueFields);
    }
    // Both are of one person: the message's id holds the number.
    constexpr std::array kContentFields = {Copied{"id", "provider_message_id", As::kId},
                                           Copied{"ctwa_clid", "ctwa_clid", As::kText}};
    Writer content = object_writer();
    copy_fields(content, *event, kContentFields);
    sink.notice(std::move(notice), std::move(fields), std::move(content), each);
  }
  return true;
}

}  // namespace flowsell::whatsapp
