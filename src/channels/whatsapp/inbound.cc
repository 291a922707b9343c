#include "inbound.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "field_copy.h"
#include "fields.h"
#include "media_calls.h"
#include "message_types.h"
#include "person.h"

namespace flowsell::whatsapp {
namespace {

using channel::Notice;
using channel::NoticeKind;
using json::Object;
using json::Writer;

constexpr PersonFields kAuthor = {"from", "from_user_id", "from_parent_user_id"};

/// A message whose author and id were read.
struct Read {
  const json::Value& element;
  const Object& message;
  const ChangeContext& change;
  std::string id;
  Person author;
};

void not_understood(const Read& read, std::string_view type, UpdateSink& sink) {
  std::string field = "messages/";
  field += safe_name(type);
  sink.unknown(read.element, read.change.address, field, read.id,
               read_time(read.message, "timestamp"));
}

Notice notice_about(const Read& read, NoticeKind kind) {
  return notice_about(read.author, read.change, kind, read.message);
}

// --- what WhatsApp says of a person ---

struct SystemType {
  std::string_view name;
  NoticeKind kind;
};
constexpr std::array kSystemTypes = {
    SystemType{"user_changed_number", NoticeKind::kContactNumberChanged},
    SystemType{"customer_changed_number", NoticeKind::kContactNumberChanged},
    SystemType{"user_changed_user_id", NoticeKind::kContactUserIdChanged},
    SystemType{"customer_identity_changed", NoticeKind::kContactIdentityChanged},
    SystemType{"user_identity_changed", NoticeKind::kContactIdentityChanged},
};
constexpr std::array kIdentityFields = {Copied{"hash", "hash", As::kText},
                                        Copied{"created_timestamp", "created_at", As::kTime},
                                        Copied{"acknowledged", "acknowledged", As::kFlag}};

/// One side of a change: "previous" or "current".
void write_side(Writer& out, std::string_view name, std::string_view number,
                std::string_view user_id, std::string_view parent_user_id) {
  out.key(name).begin_object();
  out.optional_string("number", number).optional_string("user_id", user_id);
  out.optional_string("parent_user_id", parent_user_id).end_object();
}

bool write_change(Writer& out, const Person& before, const Object& system) {
  std::string number = as_phone(scalar_in(system, "wa_id"));
  if (number.empty()) number = as_phone(scalar_in(system, "new_wa_id"));
  const std::string user_id = as_user_id(text_in(system, "user_id"));
  if (number.empty() && user_id.empty()) return false;
  write_side(out, "previous", before.number, before.user_id, before.parent_user_id);
  write_side(out, "current", number, user_id, as_user_id(text_in(system, "parent_user_id")));
  return true;
}

void read_system(const Read& read, UpdateSink& sink) {
  const Object* system = object_in(read.message, "system");
  const auto* type = system == nullptr ? kSystemTypes.end()
                                       : std::ranges::find(kSystemTypes, text_in(*system, "type"),
                                                           &SystemType::name);
  if (type == kSystemTypes.end()) return not_understood(read, "system", sink);
  Notice notice = notice_about(read, type->kind);
  Writer content = object_writer();
  if (type->kind == NoticeKind::kContactIdentityChanged) {
    const Object* identity = object_in(*system, "identity");
    if (identity == nullptr) identity = object_in(read.message, "identity");
    copy_object(content, "identity", identity, kIdentityFields);
  } else if (!write_change(content, read.author, *system)) {
    return not_understood(read, "system", sink);
  }
  content.optional_string("description", text_in(*system, "body"));
  sink.notice(std::move(notice), object_writer(), std::move(content), read.element);
}

// --- what a person did to a message ---

/// The message that was edited or taken back.
std::string target_of(const Read& read, const Object* act) {
  std::string id;
  if (act != nullptr) id = scalar_in(*act, "original_message_id");
  if (act != nullptr && id.empty()) id = scalar_in(*act, "message_id");
  return id.empty() ? std::string(replied_to(read.message)) : id;
}

Writer act_fields(const Read& read, const std::string& target) {
  Writer fields = object_writer();
  fields.key("provider_message_id").string(target).key("provider_event_id").string(read.id);
  fields.optional_string("group_id", scalar_in(read.message, "group_id"));
  return fields;
}

void read_edit(const Read& read, UpdateSink& sink) {
  const Object* edit = object_in(read.message, "edit");
  const std::string target = target_of(read, edit);
  const Object* written = edit == nullptr ? nullptr : object_in(*edit, "message");
  // Some payloads have the new text in the place of a message's own.
  if (written == nullptr) written = edit == nullptr ? &read.message : edit;
  Writer content = object_writer();
  const bool has_type = !text_in(*written, "type").empty() && text_in(*written, "type") != "edit";
  const std::string_view type = has_type ? text_in(*written, "type") : "text";
  if (target.empty() || !write_payload(content, *written, type))
    return not_understood(read, "edit", sink);
  write_person(content, read.author);
  Writer fields = act_fields(read, target);
  fields.key("type").string(type);
  sink.notice(notice_about(read, NoticeKind::kMessageEdited), std::move(fields), std::move(content),
              read.element);
}

void read_revoke(const Read& read, UpdateSink& sink) {
  const std::string target = target_of(read, object_in(read.message, "revoke"));
  if (target.empty()) return not_understood(read, "revoke", sink);
  Writer content = object_writer();
  write_person(content, read.author);
  sink.notice(notice_about(read, NoticeKind::kMessageRevoked), act_fields(read, target),
              std::move(content), read.element);
}

// --- messages ---

/// The file of a message that is one.
std::optional<channel::InboundMedia> media_of(const Object& message, std::string_view type) {
  constexpr std::array<std::string_view, 6> kTypes = {"image",    "video",   "audio",
                                                      "document", "sticker", "voice"};
  if (std::ranges::find(kTypes, type) == kTypes.end()) return std::nullopt;
  const Object* file = object_in(message, type);
  if (file == nullptr) return std::nullopt;
  channel::InboundMedia out{scalar_in(*file, "id"), std::string(text_in(*file, "mime_type")),
                            digest_of(text_in(*file, "sha256"))};
  if (out.provider_id.empty()) return std::nullopt;
  return out;
}

void read_message(Read read, std::string_view type, UpdateSink& sink) {
  Writer fields = object_writer();
  if (!write_payload(fields, read.message, type)) return not_understood(read, type, sink);
  write_context(fields, read.message);
  write_referral(fields, read.message);
  write_errors(fields, read.message);
  write_person(fields, read.author);

  channel::InboundMessage out;
  out.address = read.change.address;
  out.from = read.author.name();
  out.from_user_id = read.author.user_id;
  out.group = scalar_in(read.message, "group_id");
  out.kind = type == "unknown" ? "unsupported" : type == "voice" ? "audio" : type;
  out.is_reaction = type == "reaction";
  out.is_entry_point = object_in(read.message, "referral") != nullptr;
  out.at = read_time(read.message, "timestamp").value_or(read.change.now);
  out.context = out.is_reaction ? text_in(*object_in(read.message, "reaction"), "message_id")
                                : replied_to(read.message);
  out.media = media_of(read.message, type);
  out.fields_json = Content(inside_of(std::move(fields)));
  out.provider_message_id = std::move(read.id);
  sink.add(std::move(out));
}

}  // namespace

void read_inbound(const json::Value& element, const ChangeContext& change, UpdateSink& sink) {
  const Object* message = element.if_object();
  if (message == nullptr) return sink.unknown(element, change.address, "messages/other");
  Read read{element, *message, change, scalar_in(*message, "id"),
            read_person(*message, kAuthor, change.contacts)};
  const std::string_view type = text_in(*message, "type");
  if (type == "system" && read.author.name().empty()) {
    if (const Object* system = object_in(*message, "system"))
      read.author.number = as_phone(scalar_in(*system, "customer"));
  }
  if (read.id.empty() || read.author.name().empty()) return not_understood(read, type, sink);
  if (type == "system") return read_system(read, sink);
  if (type == "edit") return read_edit(read, sink);
  if (type == "revoke") return read_revoke(read, sink);
  read_message(std::move(read), type, sink);
}

}  // namespace flowsell::whatsapp
