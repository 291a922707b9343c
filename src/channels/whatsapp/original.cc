#include "original.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "channel/message.h"
#include "errors.h"
#include "fields.h"
#include "json/writer.h"

namespace flowsell::whatsapp {
namespace {

using json::Object;
using json::Writer;

constexpr std::string_view kObject = "whatsapp_business_account";
// What Meta tells about a failure whose reason it does not give.
constexpr std::int64_t kSomethingWrong = 131000;
constexpr std::array<std::string_view, 3> kLists = {"statuses", "messages", "errors"};

/// The code point that begins at `at`, which is moved behind it. `text` is valid UTF-8.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(at);
  const std::size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  std::uint32_t code = first & (0x3FU >> more);
  for (std::size_t i = 1; i <= more; ++i) code = code << 6 | (byte(at + i) & 0x3FU);
  at += more + 1;
  return code;
}

void append_unit(std::string& out, std::uint32_t unit) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[unit >> shift & 15U];
}

/// Whether an entry of "contacts" is the person of an element.
bool is_person_of(const Object& contact, const Object& element) {
  const auto is_one_of = [&element](std::string_view id, std::array<std::string_view, 2> names) {
    return !id.empty() && std::ranges::any_of(names, [&](std::string_view name) {
      return scalar_in(element, name) == id;
    });
  };
  return is_one_of(scalar_in(contact, "wa_id"), {"from", "recipient_id"}) ||
         is_one_of(scalar_in(contact, "user_id"), {"from_user_id", "recipient_user_id"});
}

void write_contacts(Writer& out, const json::Value& contacts, const Object* element) {
  const json::Array* all = contacts.if_array();
  const bool is_one = all != nullptr && all->size() < 2;
  if (all == nullptr || is_one || element == nullptr) {
    out.key("contacts").value(contacts);
    return;
  }
  out.key("contacts").begin_array();
  for (const json::Value& each : *all) {
    const Object* contact = each.if_object();
    if (contact != nullptr && is_person_of(*contact, *element)) out.value(each);
  }
  out.end_array();
}

/// An element with the client's own data where our id of a message stands.
void write_element(Writer& out, const json::Value& element, std::string_view callback_data) {
  const Object* fields = element.if_object();
  const std::string_view data =
      fields == nullptr ? std::string_view() : text_in(*fields, channel::kCallbackDataKey);
  if (data.empty() || !MessageId::parse(data)) {
    out.value(element);
    return;
  }
  out.begin_object();
  for (const auto& [name, value] : *fields) {
    if (std::string_view(name) == channel::kCallbackDataKey) continue;
    out.any_key(name).value(value);
  }
  out.optional_string(channel::kCallbackDataKey, callback_data).end_object();
}

void write_value(Writer& out, const Object& value, const channel::Source& source,
                 std::string_view callback_data) {
  const Object* element = source.element->if_object();
  out.begin_object();
  for (const auto& [key, each] : value) {
    const std::string_view name(key);
    if (name == "contacts") {
      write_contacts(out, each, element);
    } else if (name == source.list) {
      out.key(source.list).begin_array();
      write_element(out, *source.element, callback_data);
      out.end_array();
    } else if (std::ranges::find(kLists, name) == kLists.end()) {
      out.any_key(name).value(each);
    }
  }
  out.end_object();
}

void write_change(Writer& out, const channel::Source& source, std::string_view callback_data) {
  const Object* value = object_in(*source.change, "value");
  if (source.list.empty() || value == nullptr) {
    out.value(json::Value(*source.change));
    return;
  }
  out.begin_object();
  for (const auto& [name, each] : *source.change) {
    if (name != "value") out.any_key(name).value(each);
  }
  out.key("value");
  write_value(out, *value, source, callback_data);
  out.end_object();
}

Content finished(Writer out) { return Content(escaped_as_meta(std::move(out).take())); }

}  // namespace

std::string escaped_as_meta(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 8);
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '/') out += '\\';
    if (static_cast<unsigned char>(c) < 0x80) {
      out += c;
      ++at;
      continue;
    }
    const std::uint32_t code = next_code_point(json, at);
    if (code < 0x10000) {
      append_unit(out, code);
    } else {
      append_unit(out, 0xD800 + ((code - 0x10000) >> 10));
      append_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
    }
  }
  return out;
}

Content original_of(const channel::Source& source, std::string_view callback_data) {
  if (source.body == nullptr) return {};
  Writer out;
  out.begin_object().key("object").string(kObject).key("entry").begin_array().begin_object();
  for (const auto& [name, value] : *source.entry) {
    if (name != "changes") out.any_key(name).value(value);
  }
  out.key("changes").begin_array();
  write_change(out, source, callback_data);
  out.end_array().end_object().end_array().end_object();
  return finished(std::move(out));
}

Content original_of(const channel::OwnFailure& failure) {
  const std::int64_t code = failure.code == 0 ? kSomethingWrong : failure.code;
  const std::string number =
      failure.display_number.substr(failure.display_number.starts_with('+') ? 1 : 0);
  Writer out;
  out.begin_object().key("object").string(kObject).key("entry").begin_array().begin_object();
  out.key("id").string(failure.account).key("changes").begin_array().begin_object();
  out.key("value").begin_object().key("messaging_product").string("whatsapp");
  out.key("metadata").begin_object().key("display_phone_number").string(number);
  out.key("phone_number_id").string(failure.address).end_object();
  out.key("statuses").begin_array().begin_object().key("id").string(failure.message);
  out.key("status").string("failed").key("timestamp");
  out.string(std::to_string(to_unix_ms(failure.at) / 1000));
  out.optional_string(channel::kCallbackDataKey, failure.callback_data);
  out.key("errors").begin_array().begin_object().key("code").integer(code);
  out.key("title").string(failure.reason).key("message").string(failure.reason);
  out.key("error_data")
      .begin_object()
      .key("details")
      .string(classify(code, 0, 400).fix)
      .end_object();
  out.end_object().end_array().end_object().end_array().end_object();
  out.key("field")
      .string("messages")
      .end_object()
      .end_array()
      .end_object()
      .end_array()
      .end_object();
  return finished(std::move(out));
}

}  // namespace flowsell::whatsapp
