#include <array>

#include "change_fields.h"
#include "field_copy.h"
#include "fields.h"
#include "person.h"
#include "provider_error.h"

namespace flowsell::whatsapp {
namespace {

using channel::Notice;
using channel::NoticeKind;
using json::Object;
using json::Writer;

constexpr std::array kCallFields = {
    Copied{"id", "call_id", As::kId},
    Copied{"status", "status", As::kName},
    Copied{"start_time", "started_at", As::kTime},
    Copied{"end_time", "ended_at", As::kTime},
    Copied{"duration", "duration_seconds", As::kInteger},
};
constexpr std::array kCallContent = {
    Copied{"biz_opaque_callback_data", "callback_data", As::kText},
    Copied{"deeplink_payload", "deeplink_payload", As::kText},
    Copied{"cta_payload", "cta_payload", As::kText},
};
constexpr std::array kSessionFields = {Copied{"sdp_type", "sdp_type", As::kName},
                                       Copied{"sdp", "sdp", As::kText}};
constexpr PersonFields kCaller = {"from", "from_user_id", "from_parent_user_id"};
constexpr PersonFields kCalled = {"to", "to_user_id", "to_parent_user_id"};
constexpr PersonFields kRecipient = {"recipient_id", "recipient_user_id",
                                     "recipient_parent_user_id"};

/// The codes of why a call failed: nobody's words.
void write_failure(Writer& out, const Object& value) {
  const Object* error = first_object_in(value, "errors");
  if (error != nullptr) write_error(out, read_webhook_error(*error));
}

Writer content_of(const Object& call, const Person& person) {
  Writer content = object_writer();
  copy_fields(content, call, kCallContent);
  copy_object(content, "session", object_in(call, "session"), kSessionFields);
  write_person(content, person);
  return content;
}

void read_call(const json::Value& element, const Change& change, UpdateSink& sink) {
  const Object* call = element.if_object();
  const std::string event = call == nullptr ? std::string() : plain_name(scalar_in(*call, "event"));
  const bool is_start = event == "connect";
  if (call == nullptr || scalar_in(*call, "id").empty() || (!is_start && event != "terminate"))
    return sink.unknown(element, change.context.address, "calls/other");
  const bool is_theirs = plain_name(scalar_in(*call, "direction")) != "business_initiated";
  const Person person = read_person(*call, is_theirs ? kCaller : kCalled, change.context.contacts);
  if (person.name().empty())
    return sink.unknown(element, change.context.address, "calls/other", scalar_in(*call, "id"));
  Notice notice = notice_about(person, change.context,
                               is_start ? NoticeKind::kCallStarted : NoticeKind::kCallEnded, *call);
  notice.opens_window = is_start && is_theirs;
  Writer fields = object_writer();
  copy_fields(fields, *call, kCallFields);
  fields.key("direction").string(is_theirs ? "inbound" : "outbound");
  write_failure(fields, call->if_contains("errors") != nullptr ? *call : change.value);
  sink.notice(std::move(notice), std::move(fields), content_of(*call, person), element);
}

void read_call_status(const json::Value& element, const Change& change, UpdateSink& sink) {
  const Object* status = element.if_object();
  Person person;
  if (status != nullptr) person = read_person(*status, kRecipient, change.context.contacts);
  if (person.name().empty() || scalar_in(*status, "status").empty() ||
      scalar_in(*status, "id").empty())
    return sink.unknown(element, change.context.address, "calls/statuses");
  Writer fields = object_writer();
  copy_fields(fields, *status, kCallFields);
  fields.key("direction").string("outbound");
  write_failure(fields, *status);
  sink.notice(notice_about(person, change.context, NoticeKind::kCallStatusUpdated, *status),
              std::move(fields), content_of(*status, person), element);
}

}  // namespace

bool read_calls(const Change& change, UpdateSink& sink) {
  const std::size_t before = sink.size();
  if (const json::Array* calls = array_in(change.value, "calls")) {
    for (const json::Value& each : *calls) read_call(each, change, sink);
  }
  if (const json::Array* statuses = array_in(change.value, "statuses")) {
    for (const json::Value& each : *statuses) read_call_status(each, change, sink);
  }
  return sink.size() > before;
}

}  // namespace flowsell::whatsapp
