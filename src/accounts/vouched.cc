#include <utility>

#include "accounts/accounts.h"
#include "accounts/names.h"
#include "audit/audit_log.h"
#include "core/encoding.h"
#include "core/ip_range.h"
#include "factor_check.h"
#include "factor_table.h"
#include "journey.h"
#include "letters.h"
#include "session_table.h"
#include "terms_table.h"
#include "user_table.h"

// People who come without a password: on the word of an identity provider, or with a passkey.

namespace flowsell::accounts {
namespace {

constexpr AttemptLimit kWideOfANetwork{1000, std::chrono::minutes(15)};

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

Result<bool> is_known(store::Connection& db, const UserId& user, const Secret& device) {
  if (device.empty()) return false;
  TRY(const bool by_password, is_known_device(db, user, hash_of(device)));
  return by_password ? Result<bool>(true) : is_known_device(db, user, mark_of(device));
}

}  // namespace

/// Somebody who has proven without a password who he is.
struct Accounts::OtherEntry {
  UserId user;
  std::optional<Voucher> voucher;
  PasskeyId passkey;
  StillHolds holds;
  Secret device;
  audit::Origin from;
  Secret code = Secret();  ///< of the second factor, where a provider is not enough
  std::function<Result<>(store::Connection&)> done = {};

  std::string by_json() const {
    return voucher ? provider_json(voucher->provider)
                   : audit::json_of({{"passkey", passkey.str()}});
  }
};

/// What became of it.
struct Accounts::Entered {
  bool holds = false;
  FactorCheck check;
};

/// Everybody's provider vouches for an identity, not for the account's second factor.
Result<FactorCheck> Accounts::check_vouched(store::Connection& db, const OtherEntry& entry,
                                            const User& user) const {
  if (!entry.voucher || !entry.voucher->workspace.is_none()) return FactorCheck{};
  // Counted as behind a password: a device that one has made known has its own tries.
  const auto hash = hash_of(entry.device);
  TRY(const bool is_known_one, is_known_device(db, user.id, hash));
  return check_second_factor(
      db, rooms_,
      {user, entry.code, is_known_one ? std::string(as_text(hash)) : std::string(), entry.from,
       "whom an identity provider vouches for"});
}

Task<std::optional<Accounts::SignedIn>> Accounts::enter_otherwise(OtherEntry entry) {
  const Time now = rooms_.clock.now();
  const bool is_vouched = entry.voucher.has_value();
  SignedIn signed_in;
  signed_in.token = crypto::random_token();
  auto body = [&](store::Connection& db) -> Result<Entered> {
    // As in confirm_second_factor(): who sees no second factor has his session before it ends all.
    TRY(const bool is_there, hold_user(db, entry.user));
    if (!is_there) return Entered{};
    TRY(const bool still_holds, entry.holds(db));
    if (!still_holds) return Entered{};
    TRY(const auto found, find_in(db, entry.user));
    TRY(const FactorCheck check, check_vouched(db, entry, *found));
    if (!check.lets_in()) return Entered{true, check};
    TRY(const bool knows_device, is_known(db, entry.user, entry.device));
    signed_in.session = new_session(*found, entry.from);
    signed_in.session.voucher = entry.voucher;
    signed_in.session.passkey = entry.passkey;
    signed_in.session.has_second_factor = !is_vouched || check.end == FactorCheck::End::kPassed;
    signed_in.device = knows_device ? entry.device : crypto::random_token();
    CHECK_OK(insert_session(db, signed_in.session, hash_of(signed_in.token)));
    CHECK_OK(put_known_device(
        db, entry.user, is_vouched ? mark_of(signed_in.device) : hash_of(signed_in.device), now));
    if (!is_vouched) CHECK_OK(give_back_attempt(db, network_bucket(entry.from.address)));
    if (entry.done) CHECK_OK(entry.done(db));
    if (!knows_device) CHECK_OK(put_letter(db, rooms_, *found, sign_in_letter(now, entry.from)));
    auto act = act_of(rooms_.ids, now, entry.user, entry.from, "session.created");
    act.target = signed_in.session.id.str();
    act.after = entry.by_json();
    CHECK_OK(audit::append(db, act));
    return Entered{true, check};
  };
  CO_TRY(const Entered entered, co_await store::change(rooms_.db, kKind, std::move(body)));
  // Whoever refused him may have told him by mail.
  rooms_.mail_waits();
  if (!entered.holds) co_return std::nullopt;
  if (!entered.check.lets_in()) co_return std::unexpected(refusal_of(entered.check));
  co_return signed_in;
}

Task<std::optional<Accounts::SignedIn>> Accounts::sign_in_vouched(VouchedSignIn wanted,
                                                                  audit::Origin from) {
  co_return co_await enter_otherwise(
      {wanted.user, std::move(wanted.by), PasskeyId(), std::move(wanted.holds),
       std::move(wanted.device), std::move(from), std::move(wanted.code), std::move(wanted.done)});
}

Task<std::optional<Accounts::SignedIn>> Accounts::sign_in_by_passkey(UserId user, PasskeyId by,
                                                                     StillHolds holds,
                                                                     Secret device,
                                                                     audit::Origin from) {
  co_return co_await enter_otherwise(
      {user, std::nullopt, by, std::move(holds), std::move(device), std::move(from)});
}

Task<> Accounts::take_passkey_attempt(std::string address) {
  co_return co_await take_attempts({{network_bucket(address), kPerNetwork}});
}

Task<> Accounts::take_challenge_attempt(std::string address) {
  const auto bucket = attempt_bucket({"challenge", network_of(address)});
  co_return co_await take_attempts({{bucket, kWideOfANetwork}});
}

Task<> Accounts::take_provider_attempt(std::string address) {
  const auto bucket = attempt_bucket({"provider", network_of(address)});
  co_return co_await take_attempts({{bucket, kWideOfANetwork}});
}

// --- in other rooms' transactions ---

Result<> Accounts::close_in(store::Connection& db, const UserId& user, Time now) {
  CHECK_OK(close_user(db, user, now));
  return audit::close_account(db, user, now);
}

Result<> Accounts::reopen_in(store::Connection& db, const UserId& user) {
  CHECK_OK(reopen_user(db, user));
  return audit::reopen_account(db, user);
}

Result<std::optional<User>> Accounts::find_in(store::Connection& db, const UserId& user) {
  TRY(auto stored, find_user(db, user));
  return stored ? std::optional(std::move(stored->user)) : std::nullopt;
}

Result<bool> Accounts::hold_in(store::Connection& db, const UserId& user) {
  return hold_user(db, user);
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
  TRY(const auto squatter, find_user_by_email(db, email));
  if (squatter && !squatter->user.email_verified_at) {
    TRY([[maybe_unused]] const bool is_gone,
        remove_unverified(db, squatter->user.id, "address_of_another"));
  }
  TRY(const bool is_new, insert_user(db, fresh));
  if (is_new && !terms_version.empty()) {
    const TermsAcceptance acceptance{rooms_.ids.next<IdKind::kAcceptance>(), terms_version, now};
    CHECK_OK(insert_acceptance(db, fresh.user.id, acceptance, from.address));
  }
  return is_new ? std::optional(std::move(fresh.user)) : std::nullopt;
}

Result<> Accounts::end_vouched_in(store::Connection& db, std::string_view provider) {
  TRY([[maybe_unused]] const auto ended, delete_vouched_sessions(db, provider));
  return {};
}

Result<> Accounts::end_vouched_in(store::Connection& db, const UserId& user, const Voucher& by) {
  TRY([[maybe_unused]] const auto ended, delete_vouched_sessions(db, user, by));
  return {};
}

Result<> Accounts::end_sessions_in(store::Connection& db, const UserId& user) {
  return delete_sessions(db, user, SessionId());
}

Result<bool> Accounts::hold_session_in(store::Connection& db, const Session& by) const {
  TRY(const bool is_there, hold_user(db, by.user.id));
  return is_there ? session_goes_on(db, by.user.id, by.id, rooms_.clock.now())
                  : Result<bool>(false);
}

Result<bool> Accounts::has_second_factor_in(store::Connection& db, const UserId& user) {
  TRY(const auto factor, find_factor(db, user));
  return factor && factor->enabled_at;
}

Result<> Accounts::end_by_passkey_in(store::Connection& db, const UserId& user,
                                     const PasskeyId& passkey) {
  return delete_sessions_of_passkey(db, user, passkey);
}

Result<> Accounts::put_notice_in(store::Connection& db, const User& to, std::string what,
                                 const audit::Origin& from) const {
  return put_letter(db, rooms_, to, notice(std::move(what), rooms_.clock.now(), from));
}

}  // namespace flowsell::accounts
