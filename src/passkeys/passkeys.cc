#include "passkeys/passkeys.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "audit/audit_log.h"
#include "challenge_table.h"
#include "core/encoding.h"
#include "core/packing.h"
#include "core/random.h"
#include "name.h"
#include "options.h"
#include "passkey_table.h"
#include "store/change.h"

namespace flowsell::passkeys {
namespace {

using accounts::Accounts;
using accounts::Session;

constexpr store::WriteKind kKind{"passkey", 8, store::apply_each<store::Change>};
constexpr std::size_t kChallengeBytes = 32;  // section 13.4.3 asks for 16
constexpr std::chrono::hours kWarnedOnce{24};

Error too_many() {
  return {ErrorCode::kConflict,
          "an account may have " + std::to_string(Passkeys::kOfAUserMax) + " passkeys"};
}
Error no_passkey() { return {ErrorCode::kNotFound, "the account has no such passkey"}; }
Error session_over() { return {ErrorCode::kInvalidSession, "the session has ended"}; }

std::string new_challenge() {
  std::array<std::uint8_t, kChallengeBytes> bytes{};
  fill_random(bytes);
  return std::string(as_text(bytes));
}

crypto::Digest bound_to(std::string_view what, std::string_view whom) {
  std::string text;
  pack_text(text, what);
  pack_text(text, whom);
  return crypto::sha256(text);
}
crypto::Digest bound_to(const Session& session) {
  return bound_to("registration", session.id.blob());
}
crypto::Digest bound_to(const Secret& browser) { return bound_to("sign-in", browser.reveal()); }

}  // namespace

Passkeys::Passkeys(Rooms rooms, std::optional<RelyingParty> party)
    : rooms_(rooms), party_(std::move(party)) {}

Result<const RelyingParty*> Passkeys::party() const {
  if (party_) return &*party_;
  return fail(ErrorCode::kNotFound,
              "there are no passkeys here: server.public_url is no https URL with a host's name");
}

audit::Act Passkeys::act_of(const Passkey& passkey, const audit::Origin& from,
                            std::string name) const {
  const UserId& user = passkey.user;
  return audit::new_act(rooms_.ids, rooms_.clock.now(), user.blob(),
                        {audit::ActorKind::kUser, user.str()}, from, std::move(name),
                        passkey.id.str());
}

/// Uses up the challenge that a page asked with.
Task<> Passkeys::take(const std::string& client_data, crypto::Digest bound, Error refused) {
  const auto challenge = challenge_of(client_data);
  if (!challenge) co_return std::unexpected(std::move(refused));
  auto body = [&](store::Connection& db) {
    return take_challenge(db, *challenge, bound, rooms_.clock.now());
  };
  CO_TRY(const bool taken, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!taken) co_return std::unexpected(std::move(refused));
  co_return Result<>{};
}

// --- what belongs to an account ---

/// nullopt: yes. Who has set up a second factor is not asked for it by a passkey: nobody without it
/// may add one.
Result<std::optional<Error>> Passkeys::may_add(store::Connection& db, const Session& by) const {
  TRY(const bool goes_on, rooms_.accounts.hold_session_in(db, by));
  if (!goes_on) return session_over();
  TRY(const bool has_factor, Accounts::has_second_factor_in(db, by.user.id));
  if (has_factor && !by.has_second_factor) {
    return Error{ErrorCode::kSecondFactorRequired,
                 "the session was not confirmed by the account's second factor"};
  }
  TRY(const auto count, count_passkeys(db, by.user.id));
  if (count >= kOfAUserMax) return too_many();
  return std::nullopt;
}

Task<std::string> Passkeys::begin(Session by, Secret password, audit::Origin from) {
  CO_TRY(const RelyingParty* const to, party());
  CO_CHECK_OK(co_await rooms_.accounts.take_challenge_attempt(from.address));
  CO_CHECK_OK(co_await rooms_.accounts.confirm(by, std::move(password)));
  const std::string challenge = new_challenge();
  std::vector<Passkey> has_already;
  auto body = [&](store::Connection& db) -> Result<std::optional<Error>> {
    TRY(auto refused, may_add(db, by));
    if (refused) return refused;
    TRY(has_already, list_passkeys(db, by.user.id));
    CHECK_OK(insert_challenge(db, challenge, bound_to(by), rooms_.clock.now() + kChallengeLife));
    return std::nullopt;
  };
  CO_TRY(auto refused, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (refused) co_return std::unexpected(*std::move(refused));
  co_return creation_options(*to, by.user, challenge, has_already, kChallengeLife);
}

Task<Passkey> Passkeys::add(Session by, std::string name_text, RegistrationAnswer answer,
                            audit::Origin from) {
  CO_TRY(const RelyingParty* const to, party());
  CO_TRY(std::string name, checked_name(name_text));
  CO_CHECK_OK(co_await take(answer.client_data, bound_to(by),
                            refused_registration(Fault::kWrongChallenge)));
  auto made = check_registration(*to, answer);
  if (!made) co_return std::unexpected(refused_registration(made.error()));
  Passkey passkey;
  passkey.id = rooms_.ids.next<IdKind::kPasskey>();
  passkey.user = by.user.id;
  passkey.name = std::move(name);
  passkey.credential_id = std::move(made->id);
  passkey.public_key = std::move(made->public_key);
  passkey.sign_count = made->sign_count;
  passkey.backup_eligible = made->backup_eligible;
  passkey.backed_up = made->backed_up;
  passkey.transports = fmt::format("{}", fmt::join(answer.transports, ","));
  passkey.created_at = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<std::optional<Error>> {
    TRY(auto refused, may_add(db, by));
    if (refused) return refused;
    TRY(const bool is_new, insert_passkey(db, passkey));
    if (!is_new) return Error{ErrorCode::kConflict, "the passkey is known already"};
    CHECK_OK(rooms_.accounts.put_notice_in(
        db, by.user, "A passkey was added to your account: it can sign in without the password.",
        from));
    CHECK_OK(audit::append(db, act_of(passkey, from, "passkey.added")));
    return std::nullopt;
  };
  CO_TRY(auto refused, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (refused) co_return std::unexpected(*std::move(refused));
  rooms_.accounts.wake_postman();
  co_return passkey;
}

Task<std::vector<Passkey>> Passkeys::of(UserId user) const {
  co_return co_await rooms_.db.read(
      [user](store::Connection& db) { return list_passkeys(db, user); });
}

Task<Passkey> Passkeys::rename(Session by, PasskeyId id, std::string name_text,
                               audit::Origin from) {
  CO_TRY(const std::string name, checked_name(name_text));
  auto body = [&](store::Connection& db) -> Result<std::optional<Passkey>> {
    TRY(auto renamed, rename_passkey(db, by.user.id, id, name));
    if (renamed) CHECK_OK(audit::append(db, act_of(*renamed, from, "passkey.renamed")));
    return renamed;
  };
  CO_TRY(auto renamed, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!renamed) co_return std::unexpected(no_passkey());
  co_return *std::move(renamed);
}

Task<> Passkeys::remove(Session by, PasskeyId id, audit::Origin from) {
  Passkey gone;
  gone.id = id;
  gone.user = by.user.id;
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool was_there, delete_passkey(db, by.user.id, id));
    if (!was_there) return false;
    CHECK_OK(Accounts::end_by_passkey_in(db, by.user.id, id));
    CHECK_OK(rooms_.accounts.put_notice_in(
        db, by.user, "A passkey was removed: it can't sign in to your account any more.", from));
    CHECK_OK(audit::append(db, act_of(gone, from, "passkey.removed")));
    return true;
  };
  CO_TRY(const bool was_there, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!was_there) co_return std::unexpected(no_passkey());
  rooms_.accounts.wake_postman();
  co_return Result<>{};
}

// --- who comes with one ---

Task<Passkeys::Begun> Passkeys::begin_sign_in(Secret browser, audit::Origin from) {
  CO_TRY(const RelyingParty* const to, party());
  CO_CHECK_OK(co_await rooms_.accounts.take_challenge_attempt(from.address));
  const std::string challenge = new_challenge();
  Begun begun;
  begun.browser = browser.size() == crypto::kTokenLength ? browser : crypto::random_token();
  auto body = [&](store::Connection& db) {
    return insert_challenge(db, challenge, bound_to(begun.browser),
                            rooms_.clock.now() + kChallengeLife);
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  begun.options = request_options(*to, challenge, kChallengeLife);
  co_return begun;
}

/// Whose passkey has signed. Of one that is known a wrong signature stands on its user's record.
Task<Passkey> Passkeys::owner_of(const AssertionAnswer& answer, const Assertion& assertion,
                                 const audit::Origin& from) {
  CO_TRY(auto passkey, co_await rooms_.db.read([&answer](store::Connection& db) {
    return find_by_credential(db, answer.id);
  }));
  if (!passkey || user_handle_of(passkey->user) != answer.user_handle)
    co_return std::unexpected(refused_sign_in(Fault::kNotVerified));
  const auto is_signed =
      check_signature(answer, assertion, passkey->public_key, passkey->backup_eligible);
  if (is_signed) co_return *std::move(passkey);
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(const bool is_there, Accounts::hold_in(db, passkey->user));
    if (!is_there) return {};
    auto act = act_of(*passkey, from, "user.sign_in_failed");
    act.actor = {};
    return audit::append(db, act);
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  co_return std::unexpected(refused_sign_in(is_signed.error()));
}

/// Who counts backwards is a copy, or was copied (section 6.1.1): its user hears of it, once a day.
Result<> Passkeys::warn(store::Connection& db, const Passkey& passkey,
                        const audit::Origin& from) const {
  auto act = act_of(passkey, from, "passkey.counter_went_back");
  act.actor = {};
  const Time now = rooms_.clock.now();
  TRY(const bool is_first, note_warning(db, passkey.id, now, now - kWarnedOnce));
  TRY(const auto user, Accounts::find_in(db, passkey.user));
  if (is_first && user) {
    CHECK_OK(rooms_.accounts.put_notice_in(
        db, *user,
        "A sign-in with one of your passkeys was refused: it may be a copy that somebody else "
        "has. Remove that passkey, and make a new one.",
        from));
  }
  return audit::append(db, act);
}

/// In the transaction that makes the session. nullopt: it was counted, and may be made.
Result<std::optional<Fault>> Passkeys::count(store::Connection& db, const Passkey& passkey,
                                             const Assertion& assertion,
                                             const audit::Origin& from) const {
  const Use use{passkey.id, assertion.sign_count, assertion.backed_up, rooms_.clock.now()};
  TRY(const bool used, use_passkey(db, use));
  if (used) return std::nullopt;
  TRY(const bool still_there, is_there(db, passkey.id));
  if (!still_there) return Fault::kNotVerified;
  CHECK_OK(warn(db, passkey, from));
  return Fault::kCounterWentBack;
}

Task<Accounts::SignedIn> Passkeys::sign_in(AssertionAnswer answer, Secret browser, Secret device,
                                           audit::Origin from) {
  CO_TRY(const RelyingParty* const to, party());
  CO_CHECK_OK(co_await rooms_.accounts.take_passkey_attempt(from.address));
  CO_CHECK_OK(co_await take(answer.client_data, bound_to(browser),
                            refused_sign_in(Fault::kWrongChallenge)));
  const auto assertion = check_assertion(*to, answer);
  if (!assertion) co_return std::unexpected(refused_sign_in(assertion.error()));
  CO_TRY(const Passkey passkey, co_await owner_of(answer, *assertion, from));
  std::optional<Fault> refused;
  auto holds = [&](store::Connection& db) -> Result<bool> {
    TRY(refused, count(db, passkey, *assertion, from));
    return !refused;
  };
  CO_TRY(auto signed_in, co_await rooms_.accounts.sign_in_by_passkey(
                             passkey.user, passkey.id, std::move(holds), std::move(device), from));
  if (!signed_in) co_return std::unexpected(refused_sign_in(refused.value_or(Fault::kNotVerified)));
  co_return *std::move(signed_in);
}

Result<std::int64_t> Passkeys::count_in(store::Connection& db, const UserId& user) {
  return count_passkeys(db, user);
}

Task<> Passkeys::tidy() {
  auto body = [now = rooms_.clock.now()](store::Connection& db) {
    return delete_old_challenges(db, now);
  };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

}  // namespace flowsell::passkeys
