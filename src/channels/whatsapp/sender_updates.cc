// What Meta tells of a business number. It names it by its display number only.
#include <array>

#include "change_fields.h"
#include "field_copy.h"
#include "fields.h"
#include "person.h"

namespace flowsell::whatsapp {
namespace {

using channel::Notice;
using channel::NoticeKind;
using json::Object;
using json::Writer;

constexpr std::array kQualityFields = {
    Copied{"event", "event", As::kName}, Copied{"old_limit", "previous_limit", As::kName},
    Copied{"current_limit", "limit", As::kName},
    Copied{"max_daily_conversations_per_business", "messaging_limit", As::kName}};
constexpr std::array kNameFields = {Copied{"decision", "decision", As::kName},
                                    Copied{"requested_verified_name", "requested_name", As::kText},
                                    Copied{"rejection_reason", "reason", As::kReason}};
constexpr std::array kSecurityFields = {Copied{"event", "event", As::kName}};
constexpr std::array kRequesterFields = {Copied{"requester", "requester", As::kText}};

using channel::SenderState;

/// What is known of a number's state by its quality's event.
SenderState quality_state(const Object& value) {
  SenderState state;
  const std::string event = plain_name(scalar_in(value, "event"));
  if (event == "throughput_upgrade") state.throughput = "high";
  if (event == "flagged") state.quality = "red";
  if (event == "unflagged") state.quality = "unknown";  // it may be yellow
  if (event == "flagged") state.status = "flagged";
  if (event == "unflagged") state.status = "connected";
  for (const std::string_view name : {"current_limit", "max_daily_conversations_per_business"}) {
    const auto limit = tier_named(scalar_in(value, name));
    if (!limit.empty()) state.messaging_limit = limit;
  }
  return state;
}

SenderState name_state(const Object& value) {
  SenderState state;
  const std::string decision = plain_name(scalar_in(value, "decision"));
  if (decision == "approved") {
    state.name = scalar_in(value, "requested_verified_name");
    state.name_status = decision;
    state.requested_name_status = "none";
  } else {
    state.requested_name = scalar_in(value, "requested_verified_name");
    state.requested_name_status = decision == "rejected" ? "declined" : "pending_review";
  }
  return state;
}

/// The notice of a change, with the number that it is about.
bool tell_of_number(const Change& change, NoticeKind kind, Writer fields, Writer content,
                    UpdateSink& sink, SenderState state) {
  Notice notice = notice_of(change.context, kind);
  if (state != SenderState{}) notice.state = std::move(state);
  notice.display_number = as_phone(scalar_in(change.value, "display_phone_number"));
  fields.optional_string("phone_number", notice.display_number);
  sink.notice(std::move(notice), std::move(fields), std::move(content), change.whole);
  return true;
}

}  // namespace

bool read_sender_quality(const Change& change, UpdateSink& sink) {
  if (scalar_in(change.value, "event").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, change.value, kQualityFields);
  return tell_of_number(change, NoticeKind::kSenderQualityUpdated, std::move(fields),
                        object_writer(), sink, quality_state(change.value));
}

bool read_sender_name(const Change& change, UpdateSink& sink) {
  if (scalar_in(change.value, "decision").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, change.value, kNameFields);
  return tell_of_number(change, NoticeKind::kSenderNameUpdated, std::move(fields), object_writer(),
                        sink, name_state(change.value));
}

bool read_sender_security(const Change& change, UpdateSink& sink) {
  if (scalar_in(change.value, "event").empty()) return false;
  Writer fields = object_writer();
  copy_fields(fields, change.value, kSecurityFields);
  Writer content = object_writer();
  copy_fields(content, change.value, kRequesterFields);
  SenderState state;
  if (plain_name(scalar_in(change.value, "event")) == "pin_changed") state.has_pin = true;
  return tell_of_number(change, NoticeKind::kSenderSecurityUpdated, std::move(fields),
                        std::move(content), sink, std::move(state));
}

}  // namespace flowsell::whatsapp
