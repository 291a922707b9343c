#include "parse_body.h"

#include <utility>

#include "parts.h"

namespace flowsell::channel {
namespace {

using json::ObjectReader;

constexpr std::size_t kContactsMax = 1'000;

template <class T>
std::vector<T> read_list(ObjectReader& in, std::string_view name) {
  std::vector<T> out;
  read_each(in, name, 0, kElementsMax,
            [&](ObjectReader& element) { out.push_back(read_texts<T>(element)); });
  return out;
}

Contact read_contact(ObjectReader& in) {
  Contact out;
  require_object(in, "name",
                 [&](ObjectReader& object) { out.name = read_texts<ContactName>(object); });
  out.phones = read_list<ContactPhone>(in, "phones");
  out.emails = read_list<ContactEmail>(in, "emails");
  out.urls = read_list<ContactUrl>(in, "urls");
  out.addresses = read_list<ContactAddress>(in, "addresses");
  read_object(in, "org",
              [&](ObjectReader& object) { out.org = read_texts<ContactOrganization>(object); });
  out.birthday = content(in.string("birthday"));
  return out;
}

}  // namespace

std::optional<Body> parse_text(const json::Value& value, std::string pointer, Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  const auto body = in.required_string("body");
  const auto preview_url = in.boolean("preview_url");
  in.finish();
  if (!body) return std::nullopt;
  return Text{content(body), preview_url.value_or(false)};
}

std::optional<Body> parse_image(const json::Value& value, std::string pointer, Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  Image out{read_media(in, findings), content(in.string("caption"))};
  in.finish();
  return out;
}

std::optional<Body> parse_video(const json::Value& value, std::string pointer, Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  Video out{read_media(in, findings), content(in.string("caption"))};
  in.finish();
  return out;
}

std::optional<Body> parse_audio(const json::Value& value, std::string pointer, Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  Audio out{read_media(in, findings), in.boolean("voice").value_or(false)};
  in.finish();
  return out;
}

std::optional<Body> parse_document(const json::Value& value, std::string pointer,
                                   Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  Document out{read_media(in, findings), content(in.string("caption")),
               content(in.string("filename"))};
  in.finish();
  return out;
}

std::optional<Body> parse_sticker(const json::Value& value, std::string pointer,
                                  Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  Sticker out{read_media(in, findings)};
  in.finish();
  return out;
}

std::optional<Body> parse_location(const json::Value& value, std::string pointer,
                                   Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  if (!in.is_object()) return std::nullopt;
  Location out = read_location(in);
  in.finish();
  return out;
}

std::optional<Body> parse_contacts(const json::Value& value, std::string pointer,
                                   Findings& findings) {
  const json::Array* array = value.if_array();
  if (array == nullptr || array->size() > kContactsMax) {
    findings.faults.push_back({std::move(pointer), array == nullptr ? "wrong_type" : "too_many",
                               "must be a list of at most 1000 contacts",
                               "Send a JSON array of contacts: [{...}]."});
    return std::nullopt;
  }
  Contacts out;
  for (std::size_t i = 0; i < array->size(); ++i) {
    ObjectReader contact((*array)[i], pointer + "/" + std::to_string(i), findings.faults);
    if (!contact.is_object()) continue;
    out.contacts.push_back(read_contact(contact));
    contact.finish();
  }
  return out;
}

std::optional<Body> parse_reaction(const json::Value& value, std::string pointer,
                                   Findings& findings) {
  ObjectReader in(value, std::move(pointer), findings.faults);
  std::string message = read_message_reference(in, "message_id");
  const auto emoji = in.required_string("emoji");
  in.finish();
  if (message.empty() || !emoji) return std::nullopt;
  return Reaction{std::move(message), content(emoji)};
}

}  // namespace flowsell::channel
