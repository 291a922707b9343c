#include "message_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

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

Checked<> check_location(const Fields& message) {
  TRY(auto location, message.object("location"));
  CHECK_OK(location.only({"latitude", "longitude", "name", "address"}));
  CHECK_OK(location.number("latitude", -90, 90));
  CHECK_OK(location.number("longitude", -180, 180));
  CHECK_OK(location.optional_text("name", {.min = 0}));
  CHECK_OK(location.optional_text("address", {.min = 0}));
  return {};
}

Checked<> check_contact(const Fields& contact) {
  CHECK_OK(contact.only({"name", "phones", "emails", "addresses", "urls", "org", "birthday"}));
  TRY(auto name, contact.object("name"));
  CHECK_OK(
      name.only({"formatted_name", "first_name", "last_name", "middle_name", "prefix", "suffix"}));
  CHECK_OK(name.text("formatted_name", {}));
  constexpr auto kParts = std::to_array<std::string_view>(
      {"first_name", "last_name", "middle_name", "prefix", "suffix"});
  const bool has_part =
      std::ranges::any_of(kParts, [&](auto part) { return name.find(part) != nullptr; });
  if (!has_part) return name.missing("first_name");
  return {};
}

Checked<> check_contacts(const Fields& message) {
  TRY(const auto* contacts, message.array("contacts", 1, kContactsMax));
  for (std::size_t i = 0; i < contacts->size(); ++i) {
    TRY(auto contact, Fields::element((*contacts)[i], fmt::format("contacts[{}]", i)));
    CHECK_OK(check_contact(contact));
  }
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
      return check_location(message);
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
