#include "person.h"

#include "channel/message.h"
#include "field_copy.h"
#include "fields.h"

namespace flowsell::whatsapp {
namespace {

using json::Object;

const Object* contact_of(const json::Array* contacts, std::string_view number,
                         std::string_view user_id) {
  if (contacts == nullptr) return nullptr;
  for (const json::Value& element : *contacts) {
    const Object* contact = element.if_object();
    if (contact == nullptr) continue;
    if (!user_id.empty() && text_in(*contact, "user_id") == user_id) return contact;
    if (!number.empty() && scalar_in(*contact, "wa_id") == number) return contact;
  }
  return contacts->size() == 1 ? contacts->front().if_object() : nullptr;
}

}  // namespace

std::string as_phone(std::string_view text) {
  if (text.empty()) return {};
  std::string number = text.starts_with('+') ? "" : "+";
  number += text;
  return PhoneNumber::parse(number) ? number : std::string{};
}

std::string as_user_id(std::string_view text) {
  if (text.empty()) return {};
  const auto user = channel::Recipient::parse(text);
  return user && user->user() != nullptr ? std::string(text) : std::string{};
}

Person read_person(const Object& element, const PersonFields& names, const json::Array* contacts) {
  Person person;
  const std::string number = scalar_in(element, names.number);
  person.user_id = as_user_id(text_in(element, names.user_id));
  person.parent_user_id = as_user_id(text_in(element, names.parent_user_id));
  if (const Object* contact = contact_of(contacts, number, person.user_id)) {
    if (person.user_id.empty()) person.user_id = as_user_id(text_in(*contact, "user_id"));
    if (person.parent_user_id.empty())
      person.parent_user_id = as_user_id(text_in(*contact, "parent_user_id"));
    person.identity_key_hash = text_in(*contact, "identity_key_hash");
    if (const Object* profile = object_in(*contact, "profile")) {
      person.profile_name = text_in(*profile, "name");
      person.username = text_in(*profile, "username");
    }
  }
  person.number = as_phone(number);
  if (person.number.empty() && person.user_id.empty()) person.user_id = as_user_id(number);
  return person;
}

void write_person(json::Writer& out, const Person& person) {
  out.optional_string("profile_name", person.profile_name);
  out.optional_string("username", person.username);
  out.optional_string("user_id", person.user_id);
  out.optional_string("parent_user_id", person.parent_user_id);
  out.optional_string("identity_key_hash", person.identity_key_hash);
}

channel::Notice notice_about(const Person& person, const ChangeContext& change,
                             channel::NoticeKind kind, const Object& element) {
  channel::Notice notice = notice_of(change, kind);
  notice.person = person.name();
  if (!person.number.empty()) notice.user_id = person.user_id;
  notice.at = read_time(element, "timestamp").value_or(change.now);
  return notice;
}

}  // namespace flowsell::whatsapp
