// Messages that the business wrote in WhatsApp's own app, and those of before it was connected
// (coexistence): told, and never taken for something that a person writes to us now.
#include <array>

#include "change_fields.h"
#include "field_copy.h"
#include "fields.h"
#include "message_types.h"
#include "person.h"

namespace flowsell::whatsapp {
namespace {

using channel::Notice;
using channel::NoticeKind;
using json::Object;
using json::Writer;

constexpr PersonFields kRecipient = {"to", "to_user_id", "to_parent_user_id"};
constexpr PersonFields kAuthor = {"from", "from_user_id", "from_parent_user_id"};

// --- echoes ---

void read_echo(const json::Value& element, const Change& change, UpdateSink& sink) {
  const Object* message = element.if_object();
  Person person;
  if (message != nullptr) person = read_person(*message, kRecipient, change.context.contacts);
  const std::string id = message == nullptr ? std::string() : scalar_in(*message, "id");
  const std::string type = message == nullptr ? std::string() : scalar_in(*message, "type");
  Writer content = object_writer();
  if (id.empty() || person.name().empty() || !write_payload(content, *message, type)) {
    std::string field(change.context.field);
    field += "/";
    field += safe_name(type);
    return sink.unknown(element, change.context.address, field, id);
  }
  write_context(content, *message);
  write_errors(content, *message);
  write_person(content, person);
  Notice notice = notice_of(change.context, NoticeKind::kMessageEcho);
  notice.person = person.name();
  notice.at = read_time(*message, "timestamp").value_or(change.context.now);
  Writer fields = object_writer();
  fields.key("type").string(type).key("provider_message_id").string(id);
  fields.optional_string("group_id", scalar_in(*message, "group_id"));
  sink.notice(std::move(notice), std::move(fields), std::move(content), element);
}

// --- history ---

/// Messages of one event: it should stay small for whoever receives it.
constexpr std::size_t kMessagesOfAPiece = 20;

constexpr std::array kPhaseFields = {Copied{"phase", "phase", As::kInteger},
                                     Copied{"chunk_order", "chunk_order", As::kInteger},
                                     Copied{"progress", "progress", As::kInteger}};
constexpr std::array kMessageFields = {Copied{"id", "provider_message_id", As::kId},
                                       Copied{"timestamp", "timestamp", As::kTime},
                                       Copied{"type", "type", As::kName}};
constexpr std::array kPastFields = {Copied{"status", "status", As::kName}};

/// A thread of a chunk, or messages that came alone.
class Thread {
 public:
  Thread(const Change& change, UpdateSink& sink, const Object* metadata, Person person)
      : change_(change), sink_(sink), metadata_(metadata), person_(std::move(person)) {}

  void read(const json::Array& messages) {
    for (const json::Value& each : messages) {
      if (const Object* message = each.if_object()) add(*message);
    }
    end_piece();
  }

 private:
  void add(const Object& message) {
    if (count_ == 0) messages_ = Writer().begin_array();
    messages_.begin_object();
    copy_fields(messages_, message, kMessageFields);
    const bool is_theirs = as_phone(scalar_in(message, "from")) == person_.number;
    messages_.key("direction").string(is_theirs ? "inbound" : "outbound");
    Writer payload = object_writer();
    if (write_payload(payload, message, text_in(message, "type")))
      write_object(messages_, "content", std::move(payload));
    write_context(messages_, message);
    write_errors(messages_, message);
    if (const Object* context = object_in(message, "history_context"))
      copy_fields(messages_, *context, kPastFields);
    messages_.end_object();
    if (++count_ == kMessagesOfAPiece) end_piece();
  }

  void end_piece() {
    if (count_ == 0) return;
    messages_.end_array();
    Notice notice = notice_of(change_.context, NoticeKind::kHistoryReceived);
    notice.person = person_.name();
    Writer fields = object_writer();
    if (metadata_ != nullptr) copy_fields(fields, *metadata_, kPhaseFields);
    fields.key("message_count").integer(static_cast<std::int64_t>(count_));
    Writer content = object_writer();
    write_person(content, person_);
    content.key("messages").raw(messages_.text());
    sink_.notice(std::move(notice), std::move(fields), std::move(content));
    count_ = 0;
  }

  const Change& change_;
  UpdateSink& sink_;
  const Object* metadata_;
  Person person_;
  Writer messages_;
  std::size_t count_ = 0;
};

void read_thread(const json::Value& element, const Change& change, const Object* metadata,
                 UpdateSink& sink) {
  constexpr PersonFields kOther = {"id", "user_id", "parent_user_id"};
  const Object* thread = element.if_object();
  const json::Array* messages = thread == nullptr ? nullptr : array_in(*thread, "messages");
  Person person;
  if (thread != nullptr) {
    person = read_person(*thread, kOther, change.context.contacts);
    if (const Object* context = object_in(*thread, "context"); context && person.user_id.empty())
      person.user_id = as_user_id(text_in(*context, "user_id"));
  }
  if (messages == nullptr || person.name().empty())
    return sink.unknown(element, change.context.address, "history/other");
  Thread(change, sink, metadata, std::move(person)).read(*messages);
}

void read_chunk(const json::Value& element, const Change& change, UpdateSink& sink) {
  const Object* chunk = element.if_object();
  const json::Array* threads = chunk == nullptr ? nullptr : array_in(*chunk, "threads");
  const json::Array* errors = chunk == nullptr ? nullptr : array_in(*chunk, "errors");
  if (threads == nullptr && errors == nullptr)
    return sink.unknown(element, change.context.address, "history/other");
  const Object* metadata = object_in(*chunk, "metadata");
  if (threads != nullptr) {
    for (const json::Value& each : *threads) read_thread(each, change, metadata, sink);
  }
  if (errors != nullptr) {
    for (const json::Value& each : *errors)
      read_error(each, change.context, NoticeKind::kHistoryDeclined, sink);
  }
}

/// Media of messages that were told before: each comes alone, with its id.
void read_late_media(const json::Array& messages, const Change& change, UpdateSink& sink) {
  for (const json::Value& each : messages) {
    const Object* message = each.if_object();
    Person person;
    if (message != nullptr) {
      const bool is_ours = !scalar_in(*message, "to").empty();
      person = read_person(*message, is_ours ? kRecipient : kAuthor, change.context.contacts);
    }
    if (person.name().empty()) {
      sink.unknown(each, change.context.address, "history/other");
      continue;
    }
    json::Array alone;
    alone.push_back(each);
    Thread(change, sink, nullptr, std::move(person)).read(alone);
  }
}

}  // namespace

bool read_echoes(const Change& change, UpdateSink& sink) {
  const json::Array* echoes = array_in(change.value, "message_echoes");
  if (echoes == nullptr || echoes->empty()) return false;
  for (const json::Value& each : *echoes) read_echo(each, change, sink);
  return true;
}

bool read_history(const Change& change, UpdateSink& sink) {
  const std::size_t before = sink.size();
  if (const json::Array* chunks = array_in(change.value, "history")) {
    for (const json::Value& each : *chunks) read_chunk(each, change, sink);
  }
  if (const json::Array* messages = array_in(change.value, "messages"))
    read_late_media(*messages, change, sink);
  if (const json::Array* errors = array_in(change.value, "errors")) {
    for (const json::Value& each : *errors)
      read_error(each, change.context, NoticeKind::kHistoryDeclined, sink);
  }
  return sink.size() > before;
}

}  // namespace flowsell::whatsapp
