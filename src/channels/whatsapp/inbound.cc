#include "inbound.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "channel/message.h"
#include "fields.h"
#include "json/writer.h"

namespace flowsell::whatsapp {
namespace {

using json::Object;
using json::Writer;

constexpr std::int64_t kUnixSecondsMax = 253'402'300'799;  // the end of the year 9999
constexpr std::size_t kNameLengthMax = 64;

void copy_texts(Writer& out, const Object& from, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) out.optional_string(name, text_in(from, name));
}

bool is_number(const Object& object, std::string_view name) {
  const json::Value* value = object.if_contains(name);
  return value != nullptr && value->is_number();
}

// --- one function a type: writes "<type>":{...}; false when the payload is not what the type
// promises ---

bool write_text(Writer& out, const Object& message, std::string_view type) {
  const Object* text = object_in(message, type);
  if (text == nullptr || text->if_contains("body") == nullptr) return false;
  out.key("text").begin_object().key("body").string(text_in(*text, "body")).end_object();
  return true;
}

bool write_media(Writer& out, const Object& message, std::string_view type) {
  const Object* media = object_in(message, type);
  if (media == nullptr || text_in(*media, "id").empty()) return false;
  out.key(type).begin_object();
  copy_texts(out, *media, {"id", "mime_type", "sha256", "caption", "filename"});
  const json::Value* voice = media->if_contains("voice");
  if (voice != nullptr && voice->is_bool()) out.key("voice").boolean(voice->get_bool());
  out.end_object();
  return true;
}

bool write_location(Writer& out, const Object& message, std::string_view type) {
  const Object* location = object_in(message, type);
  if (location == nullptr || !is_number(*location, "latitude") ||
      !is_number(*location, "longitude"))
    return false;
  out.key("location").begin_object();
  out.key("latitude").value(*location->if_contains("latitude"));
  out.key("longitude").value(*location->if_contains("longitude"));
  copy_texts(out, *location, {"name", "address", "url"});
  out.end_object();
  return true;
}

bool write_contacts(Writer& out, const Object& message, std::string_view type) {
  const json::Value* contacts = message.if_contains(type);
  if (contacts == nullptr || !contacts->is_array()) return false;
  out.key("contacts").value(*contacts);
  return true;
}

bool write_button(Writer& out, const Object& message, std::string_view type) {
  const Object* button = object_in(message, type);
  if (button == nullptr) return false;
  out.key("button").begin_object();
  copy_texts(out, *button, {"payload", "text"});
  out.end_object();
  return true;
}

struct InteractiveReply {
  std::string_view type;
  std::array<std::string_view, 3> fields;  ///< all strings; empty: none
};
constexpr std::array kReplies = {
    InteractiveReply{"button_reply", {"id", "title", ""}},
    InteractiveReply{"list_reply", {"id", "title", "description"}},
    InteractiveReply{"nfm_reply", {"name", "body", "response_json"}},
};

bool write_interactive(Writer& out, const Object& message, std::string_view type) {
  const Object* interactive = object_in(message, type);
  if (interactive == nullptr) return false;
  const auto* row =
      std::ranges::find(kReplies, text_in(*interactive, "type"), &InteractiveReply::type);
  if (row == kReplies.end()) return false;
  const Object* reply = object_in(*interactive, row->type);
  if (reply == nullptr) return false;
  out.key("interactive").begin_object().key("type").string(row->type).key(row->type).begin_object();
  for (const std::string_view field : row->fields) {
    if (!field.empty()) out.optional_string(field, text_in(*reply, field));
  }
  out.end_object().end_object();
  return true;
}

bool write_reaction(Writer& out, const Object& message, std::string_view type) {
  const Object* reaction = object_in(message, type);
  if (reaction == nullptr || text_in(*reaction, "message_id").empty()) return false;
  out.key("reaction").begin_object().key("message_id").string(text_in(*reaction, "message_id"));
  const std::string_view emoji = text_in(*reaction, "emoji");
  out.key("emoji");
  emoji.empty() ? out.null()
                : out.string(emoji);  // absent or empty: the person took the reaction back
  out.end_object();
  return true;
}

struct InboundType {
  std::string_view name;
  bool (*write)(Writer& out, const Object& message, std::string_view type);
};
constexpr std::array kTypes = {
    InboundType{"text", write_text},         InboundType{"image", write_media},
    InboundType{"video", write_media},       InboundType{"audio", write_media},
    InboundType{"document", write_media},    InboundType{"sticker", write_media},
    InboundType{"location", write_location}, InboundType{"contacts", write_contacts},
    InboundType{"button", write_button},     InboundType{"interactive", write_interactive},
    InboundType{"reaction", write_reaction},
};

// --- who wrote ---

struct Author {
  std::string from;  ///< empty: neither a number nor a user id was readable
  std::string user_id;
  std::string_view profile_name;
};

/// Meta writes numbers without '+'. Empty when `text` is no number.
std::string as_phone(std::string_view text) {
  std::string number = "+";
  number += text;
  return PhoneNumber::parse(number) ? number : std::string{};
}

std::string as_user_id(std::string_view text) {
  const auto user = channel::Recipient::parse(text);
  return user && user->user() != nullptr ? std::string(text) : std::string{};
}

/// The contact of the person who wrote: matched by number or user id, else the only one there is.
const Object* contact_of(const json::Array* contacts, std::string_view number,
                         std::string_view user_id) {
  if (contacts == nullptr) return nullptr;
  for (const json::Value& element : *contacts) {
    const Object* contact = element.if_object();
    if (contact == nullptr) continue;
    if (!user_id.empty() && text_in(*contact, "user_id") == user_id) return contact;
    if (!number.empty() && text_in(*contact, "wa_id") == number) return contact;
  }
  return contacts->size() == 1 ? contacts->front().if_object() : nullptr;
}

/// reference/whatsapp.md section 4.5: people with a username may have no number here, but then they
/// have a user id.
Author author_of(const Object& message, const ChangeContext& change) {
  Author author;
  const std::string_view number = text_in(message, "from");
  author.user_id = as_user_id(text_in(message, "from_user_id"));
  if (const Object* contact = contact_of(change.contacts, number, author.user_id)) {
    if (author.user_id.empty()) author.user_id = as_user_id(text_in(*contact, "user_id"));
    if (const Object* profile = object_in(*contact, "profile"))
      author.profile_name = text_in(*profile, "name");
  }
  author.from = as_phone(number);
  if (author.from.empty()) author.from = author.user_id;
  return author;
}

// --- the whole message ---

/// Empty when `message` is not a reply. Forwarded messages have a context, too, but without an id.
std::string_view replied_to(const Object& message) {
  const Object* context = object_in(message, "context");
  return context == nullptr ? std::string_view{} : text_in(*context, "id");
}

void write_context(Writer& out, const Object& message) {
  const std::string_view id = replied_to(message);
  if (id.empty()) return;
  const std::string_view from = text_in(*object_in(message, "context"), "from");
  const std::string number = as_phone(from);
  out.key("context").begin_object().key("message_id").string(id);
  out.optional_string("from", number.empty() ? from : std::string_view(number));
  out.end_object();
}

channel::UnknownUpdate not_rendered(const Object& message, const ChangeContext& change,
                                    std::string_view name) {
  channel::UnknownUpdate out;
  out.address = change.address;
  out.field = "messages/";
  out.field += safe_name(name);
  out.provider_id = text_in(message, "id");
  out.at = read_time(message, "timestamp").value_or(Time{});
  return out;
}

}  // namespace

std::optional<Time> read_time(const Object& object, std::string_view name) {
  std::int64_t seconds = integer_in(object, name).value_or(0);
  if (const std::string_view text = text_in(object, name); !text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  }
  if (seconds <= 0 || seconds > kUnixSecondsMax) return std::nullopt;
  return from_unix_ms(seconds * 1000);
}

std::string_view safe_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const bool safe =
      !name.empty() && name.size() <= kNameLengthMax && std::ranges::all_of(name, fits);
  return safe ? name : std::string_view("other");
}

channel::Update read_inbound(const Object& message, const ChangeContext& change) {
  const std::string_view type = text_in(message, "type");
  // A group's message shown as one person's would be answered to that person alone.
  if (message.if_contains("group_id") != nullptr) return not_rendered(message, change, "group");
  const auto* row = std::ranges::find(kTypes, type, &InboundType::name);
  Author author = author_of(message, change);
  const std::string_view id = text_in(message, "id");
  if (row == kTypes.end() || id.empty() || author.from.empty())
    return not_rendered(message, change, type);

  Writer fields;
  if (!row->write(fields, message, type)) return not_rendered(message, change, type);
  write_context(fields, message);
  fields.optional_string("profile_name", author.profile_name);
  fields.optional_string("user_id", author.user_id);

  channel::InboundMessage out;
  out.address = change.address;
  out.provider_message_id = id;
  out.from = std::move(author.from);
  out.from_user_id = std::move(author.user_id);
  out.kind = type;
  out.is_reaction = type == "reaction";
  out.at = read_time(message, "timestamp").value_or(change.now);
  out.context = out.is_reaction ? text_in(*object_in(message, "reaction"), "message_id")
                                : replied_to(message);
  out.fields_json = Content(std::move(fields).take());
  return out;
}

}  // namespace flowsell::whatsapp
