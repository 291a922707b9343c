#include "letters.h"

#include <utility>

#include "accounts/names.h"
#include "json/writer.h"
#include "mail/queue.h"
#include "mail/texts.h"

namespace flowsell::accounts {
namespace {

Content text(std::string value) { return Content(std::move(value)); }

std::string place(const audit::Origin& from) {
  return from.address.empty() ? std::string("an unknown address") : from.address;
}

std::string device(const audit::Origin& from) {
  const std::string name = text_only(from.user_agent.substr(0, 300));
  return name.empty() ? std::string("an unknown program") : name;
}

std::string span_text(std::chrono::seconds span) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(span).count();
  return hours == 1 ? std::string("one hour") : std::to_string(hours) + " hours";
}

/// As much of a text as a mail's parameter takes.
std::string shortened(std::string out) {
  constexpr std::size_t kBytesMax = 480;
  if (out.size() <= kBytesMax) return out;
  std::size_t end = kBytesMax;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;
  return out.substr(0, end) + " …";
}

std::string_view page_of(TokenPurpose purpose) {
  switch (purpose) {
    case TokenPurpose::kVerifyEmail:
      return "/verify";
    case TokenPurpose::kResetPassword:
      return "/reset";
    case TokenPurpose::kChangeEmail:
      return "/change-email";
  }
  return "";
}

mail::MailKind kind_of(TokenPurpose purpose) {
  switch (purpose) {
    case TokenPurpose::kResetPassword:
      return mail::MailKind::kResetPassword;
    case TokenPurpose::kChangeEmail:
      return mail::MailKind::kChangeEmail;
    case TokenPurpose::kVerifyEmail:
      break;
  }
  return mail::MailKind::kVerifyEmail;
}

}  // namespace

Letter link_letter(TokenPurpose purpose, const std::string& public_url, const Secret& token,
                   std::chrono::seconds life, const audit::Origin& from) {
  Letter letter;
  letter.kind = kind_of(purpose);
  letter.params.emplace("link", mail::token_link(public_url, page_of(purpose), token));
  letter.params.emplace("valid_for", text(span_text(life)));
  if (purpose != TokenPurpose::kVerifyEmail) letter.params.emplace("where", text(place(from)));
  letter.life = life;
  return letter;
}

Letter notice(std::string what, Time now, const audit::Origin& from) {
  Letter letter;
  letter.kind = mail::MailKind::kSecurityNotice;
  letter.params.emplace("what", text(shortened(text_only(std::move(what)))));
  letter.params.emplace("when", text(format_time(now)));
  letter.params.emplace("where", text(place(from)));
  letter.params.emplace("advice", text("If that was not you, set a new password now."));
  return letter;
}

std::string beside_ways(std::string what, const std::vector<WayIn>& ways) {
  for (const WayIn& way : ways) {
    what.append(&way == ways.data() ? " What is linked to the account still signs in to it: "
                                    : ", ");
    what += text_only(way.name);
  }
  if (!ways.empty()) what += ". Unlink what is not yours.";
  return what;
}

Letter email_changed_letter(const std::string& new_address, Time now, const audit::Origin& from) {
  Letter letter;
  letter.kind = mail::MailKind::kEmailChanged;
  letter.params.emplace("new_address", text(new_address));
  letter.params.emplace("when", text(format_time(now)));
  letter.params.emplace("where", text(place(from)));
  return letter;
}

Letter sign_in_letter(Time now, const audit::Origin& from) {
  Letter letter;
  letter.kind = mail::MailKind::kNewSignIn;
  letter.params.emplace("device", text(device(from)));
  letter.params.emplace("when", text(format_time(now)));
  letter.params.emplace("where", text(place(from)));
  return letter;
}

Letter invitation_letter(const Accounts::Invitation& invitation, const std::string& public_url) {
  Letter letter;
  letter.kind = mail::MailKind::kInvitation;
  letter.params.emplace("workspace", text(text_only(invitation.workspace)));
  letter.params.emplace("inviter", text(text_only(invitation.inviter)));
  letter.params.emplace("role", text(invitation.role));
  letter.params.emplace("link", mail::token_link(public_url, "/invitation", invitation.token));
  letter.params.emplace("valid_for", text(span_text(invitation.life)));
  letter.life = invitation.life;
  return letter;
}

Letter leak_letter(const std::string& workspace, const std::string& key, Time now,
                   const audit::Origin& from) {
  Letter letter;
  letter.kind = mail::MailKind::kApiKeyLeaked;
  letter.params.emplace("workspace", text(text_only(workspace)));
  letter.params.emplace("key", text(text_only(key)));
  letter.params.emplace("where", text(place(from)));
  letter.params.emplace("when", text(format_time(now)));
  return letter;
}

Letter support_letter(const Accounts::SupportNotice& notice) {
  Letter letter;
  letter.kind = mail::MailKind::kSupportSessionOpened;
  letter.params.emplace("workspace", text(text_only(notice.workspace)));
  letter.params.emplace("who", text(text_only(notice.who)));
  letter.params.emplace("reason", text(shortened(text_only(notice.reason))));
  letter.params.emplace("when", text(format_time(notice.from)));
  letter.params.emplace(
      "until",
      text(notice.needs_approval ? "it begins once an owner or admin of the workspace approves it"
                                 : format_time(notice.until)));
  return letter;
}

Result<IdBytes> put_mail(store::Connection& db, const Accounts::Rooms& rooms, const User& to,
                         Letter letter) {
  mail::Mail mail;
  mail.id = rooms.ids.next_bytes();
  mail.kind = letter.kind;
  mail.to = Content(to.email);
  mail.params = std::move(letter.params);
  mail.now = rooms.clock.now();
  mail.life = letter.life;
  CHECK_OK(mail::enqueue(db, rooms.spool, mail));
  return mail.id;
}

Result<> put_letter(store::Connection& db, const Accounts::Rooms& rooms, const User& to,
                    Letter letter) {
  TRY([[maybe_unused]] const IdBytes id, put_mail(db, rooms, to, std::move(letter)));
  return {};
}

std::string terms_json(std::string_view version) {
  return version.empty() ? std::string() : audit::json_of({{"terms_version", version}});
}

std::string provider_json(std::string_view provider) {
  return audit::json_of({{"provider", provider}});
}

std::string person_json(const User& user) {
  return audit::json_of({{"email", user.email}, {"name", user.name}});
}

std::string change_json(std::string_view field, std::string_view before, std::string_view after) {
  json::Writer out;
  out.begin_object().key("before").begin_object().key(field).string(before).end_object();
  out.key("after").begin_object().key(field).string(after).end_object().end_object();
  return std::move(out).take();
}

}  // namespace flowsell::accounts
