#include <utility>

#include "accounts/accounts.h"
#include "audit/audit_log.h"
#include "core/ip_range.h"
#include "journey.h"
#include "letters.h"
#include "session_table.h"
#include "terms_table.h"
#include "user_table.h"

// People who come on the word of an identity provider.

namespace flowsell::accounts {
namespace {

constexpr AttemptLimit kProviderPerNetwork{1000, std::chrono::minutes(15)};

/// What the provider calls him, where that may stand in a mail; else what stands before the '@'.
std::string shown_name(const std::string& name, const std::string& email) {
  const bool is_shown = !name.empty() && is_plain_name(name);
  return is_shown ? name : email.substr(0, email.find('@'));
}

/// A device that a provider's word has made known is so for mails only: tries at the password and
/// at codes are counted by those that a password has.
crypto::Digest mark_of(const Secret& device) {
  return crypto::sha256("vouched:" + std::string(device.reveal()));
}

}  // namespace

Task<std::optional<Accounts::SignedIn>> Accounts::sign_in_vouched(UserId user, Voucher by,
                                                                  StillHolds holds, Secret device,
                                                                  audit::Origin from) {
  const Time now = rooms_.clock.now();
  SignedIn signed_in;
  signed_in.token = crypto::random_token();
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto found, find_in(db, user));
    if (!found) return false;
    TRY(const bool still_holds, holds(db));
    if (!still_holds) return false;
    bool is_known = false;
    if (!device.empty()) {
      TRY(is_known, is_known_device(db, user, hash_of(device)));
      if (!is_known) {
        TRY(is_known, is_known_device(db, user, mark_of(device)));
      }
    }
    signed_in.session = new_session(*found, from);
    signed_in.session.voucher = by;
    signed_in.device = is_known ? device : crypto::random_token();
    CHECK_OK(insert_session(db, signed_in.session, hash_of(signed_in.token)));
    CHECK_OK(put_known_device(db, user, mark_of(signed_in.device), now));
    if (!is_known) CHECK_OK(put_letter(db, rooms_, *found, sign_in_letter(now, from)));
    auto act = act_of(rooms_.ids, now, user, from, "session.created");
    act.target = signed_in.session.id.str();
    act.after = provider_json(by.provider);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool is_in, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!is_in) co_return std::nullopt;
  rooms_.mail_waits();
  co_return signed_in;
}

Task<> Accounts::take_provider_attempt(std::string address) {
  const auto bucket = attempt_bucket({"provider", network_of(address)});
  co_return co_await take_attempts({{bucket, kProviderPerNetwork}});
}

// --- in other rooms' transactions ---

Result<std::optional<User>> Accounts::find_in(store::Connection& db, const UserId& user) {
  TRY(auto stored, find_user(db, user));
  return stored ? std::optional(std::move(stored->user)) : std::nullopt;
}

Result<std::optional<User>> Accounts::find_in(store::Connection& db, std::string_view email) {
  TRY(auto stored, find_user_by_email(db, email));
  return stored ? std::optional(std::move(stored->user)) : std::nullopt;
}

Result<std::optional<User>> Accounts::add_in(store::Connection& db, const std::string& email,
                                             const std::string& name,
                                             const std::string& terms_version,
                                             const audit::Origin& from) {
  const Time now = rooms_.clock.now();
  NewUser fresh;
  fresh.user = {rooms_.ids.next<IdKind::kUser>(), email, shown_name(name, email), now, now};
  fresh.terms_version = terms_version;
  TRY(const bool is_new, insert_user(db, fresh));
  if (is_new && !terms_version.empty()) {
    const TermsAcceptance acceptance{rooms_.ids.next<IdKind::kAcceptance>(), terms_version, now};
    CHECK_OK(insert_acceptance(db, fresh.user.id, acceptance, from.address));
  }
  return is_new ? std::optional(std::move(fresh.user)) : std::nullopt;
}

Result<> Accounts::end_vouched_in(store::Connection& db, std::string_view provider,
                                  const UserId& user) {
  const auto ended = user.is_none() ? delete_vouched_sessions(db, provider)
                                    : delete_vouched_sessions(db, provider, user);
  return ended ? Result<>() : std::unexpected(ended.error());
}

Result<> Accounts::put_notice_in(store::Connection& db, const User& to, std::string what,
                                 const audit::Origin& from) const {
  return put_letter(db, rooms_, to, notice(std::move(what), rooms_.clock.now(), from));
}

}  // namespace flowsell::accounts
