#include "check.h"

#include <algorithm>
#include <string>
#include <utility>

#include "checker.h"
#include "emoji.h"
#include "json/reader.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kCaptionMax = 1024;

/// One operator for each kind of message.
class KindChecker {
 public:
  explicit KindChecker(Checker& checker) : check_(checker) {}

  void operator()(const channel::Text& text) {
    check_.length("/text/body", text.body.reveal(), 1, kTextMax);
  }
  void operator()(const channel::Image& image) {
    check_.media("/image", image.file);
    check_.length("/image/caption", image.caption.reveal(), 0, kCaptionMax);
  }
  void operator()(const channel::Video& video) {
    check_.media("/video", video.file);
    check_.length("/video/caption", video.caption.reveal(), 0, kCaptionMax);
  }
  void operator()(const channel::Audio& audio) { check_.media("/audio", audio.file); }
  void operator()(const channel::Document& document) {
    check_.media("/document", document.file);
    check_.length("/document/caption", document.caption.reveal(), 0, kCaptionMax);
    check_.filename("/document/filename", document.filename);
  }
  void operator()(const channel::Sticker& sticker) { check_.media("/sticker", sticker.file); }
  void operator()(const channel::Location& location) { check_.location("/location", location); }
  void operator()(const channel::Contacts& contacts) { check_contacts(check_, contacts); }
  void operator()(const channel::Reaction& reaction) {
    if (reaction.message.empty()) {
      check_.fault("/reaction/message_id", "required", "names no message",
                   "Name the message to react to.");
    }
    if (!reaction.emoji.empty() && !is_one_emoji(reaction.emoji.reveal())) {
      check_.fault("/reaction/emoji", "invalid_format",
                   "must be one emoji, or empty to remove the reaction",
                   "Send a single emoji such as U+1F44D.");
    }
  }
  void operator()(const channel::Interactive& interactive) {
    check_interactive(check_, interactive);
  }
  void operator()(const channel::Template& message) { check_template(check_, message); }

 private:
  Checker& check_;
};

void check_context(Checker& checker, const channel::OutboundMessage& message) {
  if (message.context.empty() || !std::holds_alternative<channel::Reaction>(message.body)) return;
  checker.fault("/context", "not_allowed", "a reaction can't be a reply", "Leave context out.");
}

/// Kinds that a group can be sent.
bool is_for_groups(const channel::Body& body) {
  using namespace channel;
  return std::holds_alternative<Text>(body) || std::holds_alternative<Image>(body) ||
         std::holds_alternative<Video>(body) || std::holds_alternative<Audio>(body) ||
         std::holds_alternative<Document>(body) || std::holds_alternative<Sticker>(body) ||
         std::holds_alternative<Template>(body);
}

bool is_authentication(const channel::OutboundMessage& message) {
  const auto* of_template = std::get_if<channel::Template>(&message.body);
  return of_template != nullptr && (message.purpose == channel::Purpose::kAuthentication ||
                                    gives_one_time_code(*of_template));
}

void check_recipient(Checker& checker, const channel::OutboundMessage& message) {
  if (message.to.group() != nullptr && !is_for_groups(message.body)) {
    checker.fault("/type", "not_allowed", "can't be sent to a group",
                  "Send a text, a file or a template to a group.");
  }
  // WhatsApp's 131062, told before the message is stored and counted.
  if (message.to.phone() == nullptr && is_authentication(message)) {
    checker.fault(
        "/to", "not_allowed",
        "an authentication template goes to a phone number only, not to a user id or group",
        "Send it to the person's number, or ask for it by an interactive "
        "contact_request.");
  }
  if (message.to.group() != nullptr && !message.recipient_identity_key_hash.empty()) {
    checker.fault("/recipient_identity_key_hash", "not_allowed", "a group has no identity key",
                  "Leave it out.");
  }
}

/// The Marketing Messages API takes templates for persons only.
void check_marketing(Checker& checker, const channel::OutboundMessage& message) {
  const bool has_policy = message.product_policy != channel::ProductPolicy::kUnstated;
  if (!has_policy && !message.message_activity_sharing) return;
  const std::string at = has_policy ? "/product_policy" : "/message_activity_sharing";
  if (!std::holds_alternative<channel::Template>(message.body)) {
    checker.fault(at, "not_allowed", "is for marketing templates only",
                  "Leave it out, or send a template.");
  } else if (message.to.group() != nullptr) {
    checker.fault(at, "not_allowed", "is not for groups", "Leave it out.");
  } else if (message.purpose != channel::Purpose::kMarketing) {
    checker.fault(at, "not_allowed", "is for the purpose \"marketing\" only",
                  "Leave it out, or say that the purpose is marketing.");
  }
}

}  // namespace

Result<> check_message(const channel::OutboundMessage& message) {
  Checker checker;
  std::visit(KindChecker(checker), message.body);
  check_context(checker, message);
  check_recipient(checker, message);
  check_marketing(checker, message);
  return json::as_result(checker.take());
}

}  // namespace flowsell::whatsapp
