#include "message_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "interactive_checks.h"
#include "template_checks.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kCaptionMax = 1024;
constexpr std::size_t kContactsMax = 257;

Checked<> check_text(const Fields& message) {
  TRY(auto text, message.object("text"));
  CHECK_OK(text.only({"body", "preview_url"}));
  CHECK_OK(text.text("body", {.max = kTextMax}));
  return text.optional_boolean("preview_url");
}

Checked<> check_media(const Fields& message, MessageType type) {
  const auto name = message_type_name(type);
  TRY(auto media, message.object(name));
  switch (type) {
    case MessageType::kDocument:
      CHECK_OK(media.only({"id", "link", "caption", "filename", "provider"}));
      break;
    case MessageType::kAudio:
      CHECK_OK(media.only({"id", "link", "voice", "provider"}));
      break;
    case MessageType::kSticker:
      CHECK_OK(media.only({"id", "link", "provider"}));
      break;
    default:
      CHECK_OK(media.only({"id", "link", "caption", "provider"}));
  }
  CHECK_OK(check_media_source(media));
  CHECK_OK(media.optional_text("caption", {.min = 0, .max = kCaptionMax}));
  CHECK_OK(media.optional_text("filename", {}));
  return media.optional_boolean("voice");
}

/// "2012-08-18"
bool is_date(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-dd";
  return std::ranges::equal(text, kShape, [](char c, char shape) {
    return shape == 'd' ? c >= '0' && c <= '9' : c == shape;
  });
}

/// A list of objects with texts only, one of which must be there.
Checked<> check_list(const Fields& contact, std::string_view name, std::string_view required,
                     std::initializer_list<std::string_view> fields) {
  constexpr std::size_t kMax = 500;
  if (!contact.find(name)) return {};
  CHECK_OK(contact.each(name, 0, kMax, [&](const Fields& one) -> Checked<> {
    CHECK_OK(one.only(fields));
    for (const auto field : fields) CHECK_OK(one.optional_text(field, {.min = 0}));
    if (!required.empty()) CHECK_OK(one.text(required, {}));
    return {};
  }));
  return {};
}

Checked<> check_name(const Fields& contact) {
  TRY(auto name, contact.object("name"));
  CHECK_OK(
      name.only({"formatted_name", "first_name", "last_name", "middle_name", "prefix", "suffix"}));
  CHECK_OK(name.text("formatted_name", {}));
  constexpr auto kParts = std::to_array<std::string_view>(
      {"first_name", "last_name", "middle_name", "prefix", "suffix"});
  for (const auto part : kParts) CHECK_OK(name.optional_text(part, {.min = 0}));
  const bool has_part =
      std::ranges::any_of(kParts, [&](auto part) { return name.find(part) != nullptr; });
  if (!has_part) return name.missing("first_name");
  return {};
}

Checked<> check_contact(const Fields& contact) {
  CHECK_OK(contact.only({"name", "phones", "emails", "addresses", "urls", "org", "birthday"}));
  CHECK_OK(check_name(contact));
  CHECK_OK(check_list(contact, "phones", "phone", {"phone", "type", "wa_id"}));
  CHECK_OK(check_list(contact, "emails", "email", {"email", "type"}));
  CHECK_OK(check_list(contact, "urls", "url", {"url", "type"}));
  CHECK_OK(check_list(contact, "addresses", "",
                      {"street", "city", "state", "zip", "country", "country_code", "type"}));
  if (contact.find("org")) {
    TRY(const auto org, contact.object("org"));
    CHECK_OK(org.only({"company", "department", "title"}));
    CHECK_OK(contact.optional_texts("org"));
  }
  TRY(const auto birthday, contact.optional_text("birthday", {}));
  if (!birthday.empty() && !is_date(birthday))
    return contact.wrong("birthday", "must be a date as YYYY-MM-DD");
  return {};
}

Checked<> check_contacts(const Fields& message) {
  CHECK_OK(message.each("contacts", 1, kContactsMax, check_contact));
  return {};
}

Checked<> check_reaction(const Fields& message) {
  constexpr std::size_t kEmojiCodePointsMax = 16;  // families and flags are sequences
  TRY(auto reaction, message.object("reaction"));
  CHECK_OK(reaction.only({"message_id", "emoji"}));
  TRY(auto id, reaction.text("message_id", {}));
  if (!id.starts_with("wamid.")) return reaction.wrong("message_id", "is not a message id");
  TRY(auto emoji, reaction.text("emoji", {.min = 0, .max = kEmojiCodePointsMax}));
  const bool plain = std::ranges::any_of(
      emoji, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  if (plain) return reaction.wrong("emoji", "is not an emoji");
  return {};
}

}  // namespace

Checked<> check_location(const Fields& in, bool needs_words) {
  TRY(auto location, in.object("location"));
  CHECK_OK(location.only({"latitude", "longitude", "name", "address"}));
  CHECK_OK(location.number("latitude", -90, 90));
  CHECK_OK(location.number("longitude", -180, 180));
  if (needs_words) {
    CHECK_OK(location.text("name", {}));
    CHECK_OK(location.text("address", {}));
    return {};
  }
  CHECK_OK(location.optional_text("name", {.min = 0}));
  CHECK_OK(location.optional_text("address", {.min = 0}));
  return {};
}

Checked<> check_media_source(const Fields& media) {
  const bool has_id = media.find("id") != nullptr;
  const bool has_link = media.find("link") != nullptr;
  if (!has_id && !has_link) return media.missing("id or link");
  if (has_id && has_link) return media.wrong("id", "and link must not both be given");
  if (has_link) {
    CHECK_OK(media.link("link"));
    return {};
  }
  CHECK_OK(media.text("id", {}));
  return {};
}

Checked<> check_message_object(const Fields& message, MessageType type) {
  switch (type) {
    case MessageType::kText:
      return check_text(message);
    case MessageType::kImage:
    case MessageType::kVideo:
    case MessageType::kDocument:
    case MessageType::kAudio:
    case MessageType::kSticker:
      return check_media(message, type);
    case MessageType::kLocation:
      return check_location(message, /*needs_words=*/false);
    case MessageType::kContacts:
      return check_contacts(message);
    case MessageType::kReaction:
      return check_reaction(message);
    case MessageType::kInteractive:
      return check_interactive(message);
    case MessageType::kTemplate:
      return check_template(message);
  }
  return {};
}

}  // namespace flowsell::sim
