#include "webhook_json.h"

#include "core/encoding.h"
#include "crypto/hash.h"
#include "graph_error.h"
#include "ids.h"
#include "json/writer.h"

namespace flowsell::sim {
namespace {

std::string unix_seconds(Time at) { return std::to_string(to_unix_ms(at) / 1000); }

bool is_status(const Update& update) { return update.journey->field.empty(); }
Status status_of(const Update& update) { return update.journey->script[update.step].status; }
bool has_failed(const Update& update) { return status_of(update) == Status::kFailed; }

/// Failed statuses come without contacts, so they can't share a change with others.
bool share_a_change(const Update& a, const Update& b) {
  return is_status(a) && is_status(b) && a.journey->number == b.journey->number &&
         has_failed(a) == has_failed(b);
}

void write_metadata(json::Writer& out, const SimNumber& number) {
  out.key("messaging_product").string("whatsapp");
  out.key("metadata").begin_object();
  out.key("display_phone_number").string(number.display_phone_number);
  out.key("phone_number_id").string(number.phone_number_id).end_object();
}

/// Nothing of a group: its members are not told.
void write_person(json::Writer& out, const Journey& journey) {
  if (journey.to_group) return;
  out.begin_object();
  if (!journey.to_user) out.key("wa_id").string(journey.person);
  out.key("user_id")
      .string(journey.to_user ? journey.person : user_id_of(journey.person))
      .end_object();
}

std::string conversation_id_of(std::string_view person, std::int64_t until) {
  return hex_encode(crypto::sha256(std::string(person) + std::to_string(until))).substr(0, 32);
}

void write_pricing(json::Writer& out, const Journey& journey) {
  const bool is_free_entry = journey.free_until != 0;
  const bool is_billed = journey.is_template && !is_free_entry;
  std::string_view category = journey.is_template ? "utility" : "service";
  if (!journey.category.empty()) category = journey.category;
  out.key("pricing").begin_object().key("billable").boolean(is_billed);
  out.key("pricing_model").string("PMP");
  out.key("type").string(is_free_entry ? "free_entry_point"
                         : is_billed   ? "regular"
                                       : "free_customer_service");
  out.key("category").string(is_free_entry ? "referral_conversion" : category).end_object();
}

/// From v24 on there is one only where it is a free entry point's.
void write_conversation(json::Writer& out, const Journey& journey, Status status) {
  if (journey.free_until == 0) return;
  out.key("conversation").begin_object();
  out.key("id").string(conversation_id_of(journey.person, journey.free_until));
  if (status == Status::kSent)
    out.key("expiration_timestamp").string(std::to_string(journey.free_until));
  out.key("origin").begin_object().key("type").string("referral_conversion");
  out.end_object().end_object();
}

void write_status(json::Writer& out, const Update& update) {
  const auto& journey = *update.journey;
  const auto status = status_of(update);
  out.begin_object().key("id").string(journey.wamid).key("status").string(status_name(status));
  out.key("timestamp").string(unix_seconds(update.at));
  if (!journey.to_user) out.key("recipient_id").string(journey.person);
  if (journey.to_group) {
    out.key("recipient_type").string("group");
  } else if (status != Status::kFailed || journey.to_user) {
    out.key("recipient_user_id")
        .string(journey.to_user ? journey.person : user_id_of(journey.person));
  }
  out.optional_string("biz_opaque_callback_data", journey.callback_data);
  // Meta prices a message in `sent` and in one of the two that prove delivery.
  const bool priced = status == Status::kSent || status == Status::kDelivered ||
                      (status == Status::kRead && !journey.was_delivered);
  if (priced) {
    write_conversation(out, journey, status);
    write_pricing(out, journey);
  }
  if (status == Status::kFailed) {
    out.key("errors").begin_array();
    write_status_error(out, journey.error);
    out.end_array();
  }
  out.end_object();
}

void write_statuses_change(json::Writer& out, std::span<const Update> updates,
                           const SimNumber& number) {
  out.begin_object().key("value").begin_object();
  write_metadata(out, number);
  if (!has_failed(updates.front())) {
    out.key("contacts").begin_array();
    for (const auto& update : updates) write_person(out, *update.journey);
    out.end_array();
  }
  out.key("statuses").begin_array();
  for (const auto& update : updates) write_status(out, update);
  out.end_array().end_object().key("field").string("messages").end_object();
}

/// `change_json` is the inside of the value's object; messages get their metadata in front of it.
void write_ready_change(json::Writer& out, const Journey& journey, const SimNumber& number) {
  out.begin_object().key("value");
  if (journey.field == "messages") {
    json::Writer value;
    value.begin_object();
    write_metadata(value, number);
    value.end_object();
    auto head = std::move(value).take();
    head.pop_back();  // its closing brace: the message's own fields follow
    out.raw(head + "," + journey.change_json + "}");
  } else {
    out.raw(journey.change_json);
  }
  out.key("field").string(journey.field).end_object();
}

void write_change(json::Writer& out, std::span<const Update> updates, const SimNumber& number) {
  if (is_status(updates.front())) return write_statuses_change(out, updates, number);
  write_ready_change(out, *updates.front().journey, number);
}

void write_entry(json::Writer& out, std::span<const Update> updates, const SimNumber& number) {
  out.begin_object().key("id").string(number.waba_id);
  const bool has_time = !is_status(updates.front()) && updates.front().journey->field != "messages";
  if (has_time) out.key("time").integer(to_unix_ms(updates.front().at) / 1000);
  out.key("changes").begin_array();
  write_change(out, updates, number);
  out.end_array().end_object();
}

std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto tail = [&](std::size_t i) { return byte(i) & 0x3FU; };
  const auto lead = byte(0);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (at + length > text.size()) {  // not UTF-8: never so for text that a JSON parser took
    at = text.size();
    return 0xFFFD;
  }
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | tail(i);
  at += length;
  return code;
}

void append_unit(std::string& out, std::uint32_t unit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 0xF];
}

void append_code_point(std::string& out, std::uint32_t code) {
  if (code < 0x10000) return append_unit(out, code);
  append_unit(out, 0xD800 + ((code - 0x10000) >> 10));
  append_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
}

}  // namespace

std::string escape_as_meta(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 8);
  for (std::size_t at = 0; at < json.size();) {
    const auto byte = static_cast<unsigned char>(json[at]);
    if (byte >= 0x80) {
      append_code_point(out, next_code_point(json, at));
    } else if (byte == '\\' && at + 1 < json.size()) {
      out += json.substr(at, 2);  // an escape already, perhaps of '/'
      at += 2;
    } else {
      if (byte == '/') out += '\\';
      out += json[at++];
    }
  }
  return out;
}

std::string webhook_body(std::span<const Update> updates, const std::vector<SimNumber>& numbers) {
  json::Writer out;
  out.begin_object().key("object").string("whatsapp_business_account").key("entry").begin_array();
  for (std::size_t begin = 0; begin < updates.size();) {
    auto end = begin + 1;
    while (end < updates.size() && share_a_change(updates[begin], updates[end])) ++end;
    const auto together = updates.subspan(begin, end - begin);
    write_entry(out, together, numbers[together.front().journey->number]);
    begin = end;
  }
  out.end_array().end_object();
  return escape_as_meta(out.text());
}

std::size_t bytes_max_of(const Journey& journey) noexcept {
  constexpr std::size_t kFrame = 900;
  constexpr std::size_t kEscapeFactor = 6;
  return kFrame + kEscapeFactor * (journey.callback_data.size() + journey.change_json.size());
}

}  // namespace flowsell::sim
