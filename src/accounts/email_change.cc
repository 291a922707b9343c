#include <utility>

#include "accounts/accounts.h"
#include "attempts.h"
#include "audit/audit_log.h"
#include "core/ip_range.h"
#include "email_tokens.h"
#include "journey.h"
#include "letters.h"
#include "session_table.h"
#include "user_table.h"

namespace flowsell::accounts {
namespace {

enum class End { kDone, kInvalidToken, kTaken, kOver };

Error taken() { return {ErrorCode::kConflict, "the address has an account by now"}; }

}  // namespace

Task<> Accounts::ask_email_change(Session by, std::string email_text, Secret password,
                                  audit::Origin from) {
  CO_TRY(const std::string email, checked_email(email_text));
  if (email == by.user.email) {
    co_return fail_field("/email", "invalid_value", "that is your address already",
                         "Send the new one.");
  }
  CO_TRY(const Proof proof, co_await prove(by, std::move(password)));
  CO_CHECK_OK(co_await take_attempts(
      {{attempt_bucket({"mails", network_of(from.address)}), kMailsPerNetwork},
       {attempt_bucket({"mail", "change-from", by.user.id.blob()}), kMailsPerAddress},
       {attempt_bucket({"mail", "change-to", email}), kMailsPerAddress}}));
  User as_wanted = by.user;
  as_wanted.email = email;
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool holds, hold_password(db, by.user.id, proof.password_hash));
    if (!holds) return false;
    CHECK_OK(forget_attempts(db, proof.bucket));
    CHECK_OK(delete_email_tokens(db, by.user.id, TokenPurpose::kChangeEmail));
    TRY(const auto owner, find_user_by_email(db, email));
    if (owner) {
      CHECK_OK(put_letter(
          db, rooms_, owner->user,
          notice("Somebody tried to make this address the one of another account.", now, from)));
    } else {
      CHECK_OK(put_link(db, as_wanted, TokenPurpose::kChangeEmail, from));
    }
    CHECK_OK(put_letter(db, rooms_, by.user,
                        notice("Another email address was asked for. A new password takes "
                               "back what was asked.",
                               now, from)));
    auto act = act_of(rooms_.ids, now, by.user.id, from, "user.email_change_asked");
    act.personal = change_json("email", by.user.email, email);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool holds, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!holds) co_return fail(ErrorCode::kInvalidCredentials, "the password is wrong");
  rooms_.mail_waits();
  co_return Result<>{};
}

Task<Secret> Accounts::confirm_email_change(Session by, Secret token, audit::Origin from) {
  const Secret renewed = crypto::random_token();
  const Time now = rooms_.clock.now();
  std::string wanted;
  auto body = [&](store::Connection& db) -> Result<End> {
    TRY(const bool holds, hold_user(db, by.user.id));
    if (!holds) return End::kOver;
    TRY(const auto found, find_email_token(db, token, TokenPurpose::kChangeEmail, now));
    if (!found || found->user != by.user.id) return End::kInvalidToken;
    TRY(const auto before, find_user(db, by.user.id));
    TRY(const auto owner, find_user_by_email(db, found->email));
    if (owner) return End::kTaken;
    wanted = found->email;
    TRY(const bool goes_on, rotate_session(db, by.id, hash_of(renewed)));
    if (!before || !goes_on) return End::kOver;
    TRY(const bool is_set, set_email(db, by.user.id, found->email, now));
    if (!is_set) return std::unexpected(taken());  // in this moment: the whole is rolled back
    CHECK_OK(delete_sessions(db, by.user.id, by.id));
    CHECK_OK(delete_email_tokens(db, by.user.id));
    CHECK_OK(put_letter(db, rooms_, before->user, email_changed_letter(found->email, now, from)));
    auto act = act_of(rooms_.ids, now, by.user.id, from, "user.email_changed");
    act.personal = change_json("email", before->user.email, found->email);
    CHECK_OK(audit::append(db, act));
    return End::kDone;
  };
  const auto changed = co_await store::change(rooms_.db, kKind, std::move(body));
  if (!changed && !wanted.empty()) {
    // Another process may have given it away in this moment: the table's own rule said no.
    CO_TRY(const auto owner, co_await find_by_email(wanted));
    if (owner && owner->id != by.user.id) co_return std::unexpected(taken());
  }
  if (!changed) co_return std::unexpected(changed.error());
  const End end = *changed;
  if (end == End::kInvalidToken) co_return std::unexpected(invalid_token());
  if (end == End::kTaken) co_return std::unexpected(taken());
  if (end == End::kOver) co_return fail(ErrorCode::kInvalidSession, "the session has ended");
  rooms_.mail_waits();
  co_return renewed;
}

}  // namespace flowsell::accounts
