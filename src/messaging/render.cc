#include "messaging/render.h"

#include "context.h"
#include "json/writer.h"

namespace flowsell::messaging {
namespace {

void write_error(json::Writer& out, const MessageError& error, std::string_view detail) {
  out.key("error").begin_object().key("code").string(error.code);
  out.optional_string("detail", detail);
  out.optional_string("fix", error.fix);
  if (error.provider_code != 0) {
    out.key("provider")
        .begin_object()
        .key("name")
        .string("whatsapp")
        .key("code")
        .integer(error.provider_code);
    if (error.provider_subcode != 0) out.key("subcode").integer(error.provider_subcode);
    out.optional_string("trace_id", error.trace_id).end_object();
  }
  out.end_object();
}

void write_step(json::Writer& out, Time at, MessageStatus status) {
  out.begin_object().key("status").string(channel::status_name(status));
  out.key("at").string(format_time(at)).end_object();
}

void write_history(json::Writer& out, const MessageRow& row) {
  const auto step = [&out](const std::optional<Time>& at, MessageStatus status) {
    if (at) write_step(out, *at, status);
  };
  // In the order of the way, not of the times: the provider's clock counts in seconds, ours in
  // milliseconds.
  out.key("status_history").begin_array();
  step(row.created_at, row.inbound ? MessageStatus::kReceived : MessageStatus::kAccepted);
  step(row.sending_at, MessageStatus::kSending);
  step(row.unknown_at, MessageStatus::kUnknown);
  step(row.sent_at, MessageStatus::kSent);
  step(row.failed_at, MessageStatus::kFailed);
  step(row.delivered_at, MessageStatus::kDelivered);
  step(row.read_at, MessageStatus::kRead);
  out.end_array();
}

void write_metadata(json::Writer& out, const std::string& metadata_json) {
  out.key("metadata").raw(metadata_json.empty() ? "{}" : metadata_json);
}

void write_nullable(json::Writer& out, std::string_view name, std::string_view text) {
  out.key(name).string_or_null(text);
}

}  // namespace

webhook::EventType event_of(MessageStatus status) {
  using webhook::EventType;
  switch (status) {
    case MessageStatus::kAccepted:
      return EventType::kMessageAccepted;
    case MessageStatus::kSending:
      return EventType::kMessageSending;
    case MessageStatus::kUnknown:
      return EventType::kMessageUnknown;
    case MessageStatus::kSent:
      return EventType::kMessageSent;
    case MessageStatus::kFailed:
      return EventType::kMessageFailed;
    case MessageStatus::kDelivered:
      return EventType::kMessageDelivered;
    case MessageStatus::kRead:
      return EventType::kMessageRead;
    case MessageStatus::kReceived:
      return EventType::kMessageReceived;
  }
  return EventType::kProviderUnknown;
}

namespace {

/// What a message is from its acceptance on, up to its creation. `status` and `provider_message_id`
/// as they are to be shown.
void write_message(json::Writer& out, const MessageRow& row, MessageStatus status,
                   std::string_view provider_message_id) {
  out.begin_object().key("id").string(row.id.str()).key("object").string("message");
  out.key("direction").string(row.inbound ? "inbound" : "outbound");
  out.key("status").string(channel::status_name(status));
  out.key("type").string(row.kind);
  out.key(row.inbound ? "from" : "to").string(row.contact);
  out.key("sender_id").string(row.sender.str());
  write_nullable(out, "provider_message_id", provider_message_id);
  write_nullable(out, "client_ref", row.client_ref);
  write_metadata(out, row.metadata_json);
  out.key("created_at").string(format_time(row.created_at));
}

}  // namespace

std::string render_message(const MessageRow& row, std::string_view detail) {
  json::Writer out;
  write_message(out, row, row.status, row.provider_message_id);
  write_history(out, row);
  if (row.error) write_error(out, *row.error, detail);
  out.end_object();
  return std::move(out).take();
}

std::string render_accepted(const MessageRow& row) {
  json::Writer out;
  write_message(out, row, MessageStatus::kAccepted, {});
  out.key("status_history").begin_array();
  write_step(out, row.created_at, MessageStatus::kAccepted);
  out.end_array().end_object();
  return std::move(out).take();
}

std::string render_event_body(const MessageRow& row) {
  json::Writer out;
  out.begin_object().key("id").string(row.id.str());
  out.key("status").string(channel::status_name(row.status));
  out.key("type").string(row.kind);
  out.key("to").string(row.contact);
  out.key("sender_id").string(row.sender.str());
  write_nullable(out, "provider_message_id", row.provider_message_id);
  write_nullable(out, "client_ref", row.client_ref);
  write_metadata(out, row.metadata_json);
  if (row.error) write_error(out, *row.error, {});
  out.end_object();
  return fields_of(std::move(out));
}

Result<std::string> event_body(store::Connection& db, const WorkspaceId& workspace,
                               const IdBytes& message, webhook::EventType type) {
  if (type != webhook::EventType::kMessageSent) return std::string();
  TRY(auto row, find_message(db, workspace, MessageId(message)));
  if (!row) {
    // Retention took the message before its event: its id is all that is left to tell.
    row.emplace();
    row->id = MessageId(message);
  }
  row->status = MessageStatus::kSent;
  row->error.reset();
  return render_event_body(*row);
}

}  // namespace flowsell::messaging
