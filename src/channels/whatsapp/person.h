#pragma once

#include <string>
#include <string_view>

#include "json/json.h"
#include "json/writer.h"
#include "update_sink.h"

namespace flowsell::whatsapp {

/// Meta writes numbers without '+'. Empty when `text` is no number.
std::string as_phone(std::string_view text);
/// Empty when `text` is none of the provider's user ids.
std::string as_user_id(std::string_view text);

/// Who it is that something is about.
struct Person {
  std::string number;          ///< E.164; empty: not given
  std::string user_id;         ///< empty: not given
  std::string parent_user_id;  ///< that of a business with several portfolios
  std::string_view profile_name;
  std::string_view username;
  std::string_view identity_key_hash;

  /// The number, else the user id; empty: neither was readable.
  const std::string& name() const noexcept { return number.empty() ? user_id : number; }
};

/// Names of an element's fields, by which it says who it is.
struct PersonFields {
  std::string_view number, user_id, parent_user_id;
};

/// The person of an element, completed from the contacts beside it (may be nullptr): matched by
/// number or user id, else the only one there is. reference/whatsapp.md section 4.5: people with a
/// username may have no number here, but then they have a user id.
Person read_person(const json::Object& element, const PersonFields& names,
                   const json::Array* contacts);

/// What is known of the person beside the number: "profile_name", "username", "user_id", ...
void write_person(json::Writer& out, const Person& person);

/// A notice of what a person did, when `element` says.
channel::Notice notice_about(const Person& person, const ChangeContext& change,
                             channel::NoticeKind kind, const json::Object& element);

}  // namespace flowsell::whatsapp
