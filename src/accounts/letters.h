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

/// Queues it in the open transaction.
Result<> put_letter(store::Connection& db, const Accounts::Rooms& rooms, const User& to,
                    Letter letter);

/// Bytes that may stand in a mail and in a list: UTF-8 without control characters. Others become
/// '?'.
std::string text_only(std::string_view text);
/// What may stand in a name: one line of at most 100 characters that can't be taken for a link or a
/// tag.
bool is_plain_name(std::string_view text);

/// For the audit log.
std::string terms_json(std::string_view version);
std::string person_json(const User& user);
std::string provider_json(std::string_view provider);

}  // namespace flowsell::accounts
