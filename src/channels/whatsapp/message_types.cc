#include "message_types.h"

#include <algorithm>
#include <array>
#include <span>

#include "field_copy.h"
#include "fields.h"
#include "person.h"
#include "provider_error.h"

namespace flowsell::whatsapp {
namespace {

using json::Object;
using json::Writer;

// --- one function a type: writes "<type>":{...}; false when the payload is not what the type
// promises ---

bool write_text(Writer& out, const Object& message, std::string_view type) {
  const Object* text = object_in(message, type);
  if (text == nullptr || text->if_contains("body") == nullptr) return false;
  out.key("text").begin_object().key("body").string(scalar_in(*text, "body")).end_object();
  return true;
}

constexpr std::array kMediaFields = {
    Copied{"id", "id", As::kId},
    Copied{"mime_type", "mime_type", As::kText},
    Copied{"sha256", "sha256", As::kText},
    Copied{"url", "url", As::kText},
    Copied{"caption", "caption", As::kText},
    Copied{"filename", "filename", As::kText},
    Copied{"voice", "voice", As::kFlag},
    Copied{"animated", "animated", As::kFlag},
};

bool write_media(Writer& out, const Object& message, std::string_view type) {
  const Object* media = object_in(message, type);
  if (media == nullptr || scalar_in(*media, "id").empty()) return false;
  // A voice note may have a type of its own.
  copy_object(out, type == "voice" ? "audio" : type, media, kMediaFields);
  return true;
}

constexpr std::array kLocationFields = {
    Copied{"latitude", "latitude", As::kDecimal},
    Copied{"longitude", "longitude", As::kDecimal},
    Copied{"name", "name", As::kText},
    Copied{"address", "address", As::kText},
    Copied{"url", "url", As::kText},
};

bool write_location(Writer& out, const Object& message, std::string_view type) {
  const Object* location = object_in(message, type);
  if (location == nullptr || !decimal_in(*location, "latitude") ||
      !decimal_in(*location, "longitude"))
    return false;
  copy_object(out, "location", location, kLocationFields);
  return true;
}

bool write_contacts(Writer& out, const Object& message, std::string_view type) {
  const json::Value* contacts = message.if_contains(type);
  if (contacts == nullptr || !contacts->is_array()) return false;
  out.key("contacts").value(*contacts);
  return true;
}

constexpr std::array kButtonFields = {Copied{"payload", "payload", As::kText},
                                      Copied{"text", "text", As::kText}};

bool write_button(Writer& out, const Object& message, std::string_view type) {
  copy_object(out, "button", object_in(message, type), kButtonFields);
  return object_in(message, type) != nullptr;
}

constexpr std::array kButtonReply = {Copied{"id", "id", As::kText},
                                     Copied{"title", "title", As::kText}};
constexpr std::array kListReply = {Copied{"id", "id", As::kText},
                                   Copied{"title", "title", As::kText},
                                   Copied{"description", "description", As::kText}};
constexpr std::array kFormReply = {Copied{"name", "name", As::kText},
                                   Copied{"body", "body", As::kText},
                                   Copied{"response_json", "response_json", As::kText}};
constexpr std::array kCallPermissionReply = {
    Copied{"response", "response", As::kName},
    Copied{"expiration_timestamp", "expires_at", As::kTime},
    Copied{"response_source", "response_source", As::kName},
    Copied{"is_permanent", "is_permanent", As::kFlag}};

struct InteractiveReply {
  std::string_view type;
  std::span<const Copied> fields;
};
constexpr std::array kReplies = {
    InteractiveReply{"button_reply", kButtonReply},
    InteractiveReply{"list_reply", kListReply},
    InteractiveReply{"nfm_reply", kFormReply},
    InteractiveReply{"call_permission_reply", kCallPermissionReply},
};

bool write_interactive(Writer& out, const Object& message, std::string_view type) {
  const Object* interactive = object_in(message, type);
  if (interactive == nullptr) return false;
  const auto* row =
      std::ranges::find(kReplies, text_in(*interactive, "type"), &InteractiveReply::type);
  if (row == kReplies.end()) return false;
  const Object* reply = object_in(*interactive, row->type);
  if (reply == nullptr) return false;
  out.key("interactive").begin_object().key("type").string(row->type);
  copy_object(out, row->type, reply, row->fields);
  out.end_object();
  return true;
}

bool write_reaction(Writer& out, const Object& message, std::string_view type) {
  const Object* reaction = object_in(message, type);
  if (reaction == nullptr || text_in(*reaction, "message_id").empty()) return false;
  out.key("reaction").begin_object().key("message_id").string(text_in(*reaction, "message_id"));
  // Absent or empty: the person took the reaction back.
  out.key("emoji").string_or_null(text_in(*reaction, "emoji")).end_object();
  return true;
}

constexpr std::array kOrderFields = {Copied{"catalog_id", "catalog_id", As::kId},
                                     Copied{"text", "text", As::kText}};
constexpr std::array kItemFields = {Copied{"product_retailer_id", "product_retailer_id", As::kId},
                                    Copied{"quantity", "quantity", As::kInteger},
                                    Copied{"item_price", "item_price", As::kDecimal},
                                    Copied{"currency", "currency", As::kText}};

bool write_order(Writer& out, const Object& message, std::string_view type) {
  const Object* order = object_in(message, type);
  const json::Array* items = order == nullptr ? nullptr : array_in(*order, "product_items");
  if (items == nullptr) return false;
  out.key("order").begin_object();
  copy_fields(out, *order, kOrderFields);
  copy_list(out, "product_items", items, kItemFields);
  out.end_object();
  return true;
}

/// What the provider itself can't show: a poll, a picture for one look.
bool write_unsupported(Writer& out, const Object& message, std::string_view /*type*/) {
  const Object* inner = object_in(message, "unsupported");
  const std::string kind = inner == nullptr ? std::string() : scalar_in(*inner, "type");
  out.key("unsupported").begin_object();
  if (!kind.empty()) out.key("type").string(plain_name(kind));
  out.end_object();
  return true;
}

/// The person opened the conversation for the first time, and wrote nothing.
bool write_nothing(Writer& /*out*/, const Object& /*message*/, std::string_view /*type*/) {
  return true;
}

struct MessageType {
  std::string_view name;
  bool (*write)(Writer& out, const Object& message, std::string_view type);
};
constexpr std::array kTypes = {
    MessageType{"text", write_text},
    MessageType{"image", write_media},
    MessageType{"video", write_media},
    MessageType{"audio", write_media},
    MessageType{"voice", write_media},
    MessageType{"document", write_media},
    MessageType{"sticker", write_media},
    MessageType{"location", write_location},
    MessageType{"contacts", write_contacts},
    MessageType{"button", write_button},
    MessageType{"interactive", write_interactive},
    MessageType{"reaction", write_reaction},
    MessageType{"order", write_order},
    MessageType{"unsupported", write_unsupported},
    MessageType{"unknown", write_unsupported},
    MessageType{"request_welcome", write_nothing},
};

constexpr std::array kProductFields = {
    Copied{"catalog_id", "catalog_id", As::kId},
    Copied{"product_retailer_id", "product_retailer_id", As::kId}};
constexpr std::array kReferralFields = {Copied{"source_url", "source_url", As::kText},
                                        Copied{"source_id", "source_id", As::kId},
                                        Copied{"source_type", "source_type", As::kName},
                                        Copied{"headline", "headline", As::kText},
                                        Copied{"body", "body", As::kText},
                                        Copied{"media_type", "media_type", As::kName},
                                        Copied{"image_url", "image_url", As::kText},
                                        Copied{"video_url", "video_url", As::kText},
                                        Copied{"thumbnail_url", "thumbnail_url", As::kText},
                                        Copied{"ctwa_clid", "ctwa_clid", As::kText}};
constexpr std::array kWelcomeFields = {Copied{"text", "text", As::kText}};

}  // namespace

bool write_payload(Writer& out, const Object& message, std::string_view type) {
  const auto* row = std::ranges::find(kTypes, type, &MessageType::name);
  return row != kTypes.end() && row->write(out, message, type);
}

std::string_view replied_to(const Object& message) {
  const Object* context = object_in(message, "context");
  return context == nullptr ? std::string_view{} : text_in(*context, "id");
}

void write_context(Writer& out, const Object& message) {
  const Object* context = object_in(message, "context");
  if (context == nullptr) return;
  Writer inside = object_writer();
  inside.optional_string("message_id", text_in(*context, "id"));
  const std::string from = scalar_in(*context, "from");
  const std::string number = as_phone(from);
  if (!text_in(*context, "id").empty())
    inside.optional_string("from", number.empty() ? from : number);
  for (const std::string_view mark : {"forwarded", "frequently_forwarded"}) {
    if (flag_in(*context, mark).value_or(false)) inside.key(mark).boolean(true);
  }
  copy_object(inside, "referred_product", object_in(*context, "referred_product"), kProductFields);
  write_object(out, "context", std::move(inside));
}

void write_referral(Writer& out, const Object& message) {
  const Object* referral = object_in(message, "referral");
  if (referral == nullptr) return;
  out.key("referral").begin_object();
  copy_fields(out, *referral, kReferralFields);
  copy_object(out, "welcome_message", object_in(*referral, "welcome_message"), kWelcomeFields);
  out.end_object();
}

void write_errors(Writer& out, const Object& message) {
  const json::Array* errors = array_in(message, "errors");
  if (errors == nullptr || errors->empty()) return;
  out.key("errors").begin_array();
  for (const json::Value& each : *errors) {
    const Object* error = each.if_object();
    if (error == nullptr) continue;
    out.begin_object();
    const ProviderError read = read_webhook_error(*error);
    write_error_fields(out, read);
    out.optional_string("detail", read.text).end_object();
  }
  out.end_array();
}

}  // namespace flowsell::whatsapp
