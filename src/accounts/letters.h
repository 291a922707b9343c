#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.h"
#include "accounts/user.h"
#include "audit/event.h"
#include "email_tokens.h"
#include "mail/mail.h"
#include "store/database.h"

namespace flowsell::accounts {

/// What a mail says; to whom is said by put_letter().
struct Letter {
  mail::MailKind kind;
  mail::MailParams params;
  std::chrono::seconds life = mail::kMailLifeMax;
};

/// "<public_url>/verify#token=...": behind the '#', where no server's log has it.
Letter link_letter(TokenPurpose purpose, const std::string& public_url, const Secret& token,
                   std::chrono::seconds life, const audit::Origin& from);
/// Something happened to the account: one sentence.
Letter notice(std::string what, Time now, const audit::Origin& from);
/// What a notice says of a new password, with the ways in that stay.
std::string beside_ways(std::string what, const std::vector<WayIn>& ways);
Letter invitation_letter(const Accounts::Invitation& invitation, const std::string& public_url);
Letter leak_letter(const std::string& workspace, const std::string& key, Time now,
                   const audit::Origin& from);
/// To the address that was left.
Letter email_changed_letter(const std::string& new_address, Time now, const audit::Origin& from);
Letter support_letter(const Accounts::SupportNotice& notice);
Letter sign_in_letter(Time now, const audit::Origin& from);

/// Queues it in the open transaction. Its id.
Result<IdBytes> put_mail(store::Connection& db, const Accounts::Rooms& rooms, const User& to,
                         Letter letter);
/// The same, where nobody asks for that.
Result<> put_letter(store::Connection& db, const Accounts::Rooms& rooms, const User& to,
                    Letter letter);

/// For the audit log.
std::string terms_json(std::string_view version);
std::string person_json(const User& user);
/// {"before":{"name":"..."},"after":{"name":"..."}}
std::string change_json(std::string_view field, std::string_view before, std::string_view after);
std::string provider_json(std::string_view provider);

}  // namespace flowsell::accounts
