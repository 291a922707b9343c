#include <array>
#include <utility>

#include "accounts/accounts.h"
#include "accounts/seeds.h"
#include "attempts.h"
#include "audit/audit_log.h"
#include "core/encoding.h"
#include "core/packing.h"
#include "core/random.h"
#include "crypto/hash.h"
#include "factor_check.h"
#include "factor_table.h"
#include "journey.h"
#include "letters.h"
#include "recovery_codes.h"
#include "session_table.h"
#include "totp.h"
#include "user_table.h"

namespace flowsell::accounts {
namespace {

using namespace std::chrono_literals;

constexpr AttemptLimit kConfirmations{10, 15min};

Error no_factor() { return {ErrorCode::kConflict, "the account has no second factor"}; }

Secret new_seed() {
  std::array<std::uint8_t, kSeedBytes> bytes{};
  fill_random(bytes);
  return Secret(std::string(as_text(bytes)));
}

/// Somebody's try in his session. Sessions on a provider's word, or by a passkey, are counted
/// together: nothing that is scarce was spent on each.
FactorTry try_of(const Session& by, Secret code, audit::Origin from) {
  const bool is_cheap = by.voucher || !by.passkey.is_none();
  const auto counted_by = is_cheap ? std::string_view() : by.id.blob();
  return {by.user, std::move(code), std::string(counted_by), std::move(from)};
}

Result<> put_codes(store::Connection& db, const UserId& user, const std::vector<Secret>& codes) {
  std::vector<crypto::Digest> hashes;
  hashes.reserve(codes.size());
  for (const Secret& code : codes) hashes.push_back(*recovery_code_hash(user, code.reveal()));
  return put_recovery_codes(db, user, hashes);
}

}  // namespace

Task<Accounts::FactorState> Accounts::second_factor_of(UserId user) {
  auto read = [user](store::Connection& db) -> Result<FactorState> {
    TRY(const auto factor, find_factor(db, user));
    TRY(const auto codes, count_recovery_codes(db, user));
    return FactorState{factor ? factor->enabled_at : std::nullopt, codes};
  };
  co_return co_await rooms_.db.read(std::move(read));
}

Task<Accounts::Enrolment> Accounts::begin_second_factor(Session by, Secret password,
                                                        audit::Origin from) {
  CO_TRY(const Proof proof, co_await prove(by, std::move(password)));
  const Secret seed = new_seed();
  const Time now = rooms_.clock.now();
  const std::string sealed = seal_seed(rooms_.ring, by.user.id, seed);
  auto body = [&](store::Connection& db) -> Result<std::optional<Error>> {
    TRY(const bool holds, hold_password(db, by.user.id, proof.password_hash));
    if (!holds) return over_meanwhile();
    TRY(const bool begun, put_new_factor(db, by.user.id, sealed, now));
    if (!begun) return Error{ErrorCode::kConflict, "there is a second factor: disable it first"};
    CHECK_OK(forget_attempts(db, proof.bucket));
    CHECK_OK(audit::append(db, act_of(rooms_.ids, now, by.user.id, from, "second_factor.begun")));
    return std::nullopt;
  };
  CO_TRY(auto refused, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (refused) co_return std::unexpected(*std::move(refused));
  co_return Enrolment{Secret(base32_text(seed.reveal())), otpauth_uri(seed, by.user.email)};
}

Task<Accounts::EnabledFactor> Accounts::confirm_second_factor(Session by, Secret code,
                                                              audit::Origin from) {
  const auto bucket = attempt_bucket({"second-factor-new", by.user.id.blob(), by.id.blob()});
  CO_CHECK_OK(co_await take_attempts({{bucket, kConfirmations}}));
  EnabledFactor enabled{crypto::random_token(), make_recovery_codes()};
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<std::optional<Error>> {
    // A sign-in that saw no second factor has its session before others are ended here.
    TRY(const bool holds, hold_user(db, by.user.id));
    if (!holds) return over_meanwhile();
    TRY(const auto factor, find_factor(db, by.user.id));
    if (!factor || factor->enabled_at)
      return Error{ErrorCode::kConflict, "no second factor was begun: begin one first"};
    TRY(const Secret seed, open_seed(rooms_.ring, by.user.id, factor->sealed_seed));
    const auto step = matching_step(seed, code.reveal(), now, factor->last_step);
    if (!step) return refusal_of({FactorCheck::End::kWrong});
    TRY(const bool goes_on, rotate_session(db, by.id, hash_of(enabled.token)));
    if (!goes_on) return over_meanwhile();
    TRY([[maybe_unused]] const bool is_first, enable_factor(db, by.user.id, *step, now));
    CHECK_OK(set_session_factor(db, by.id, true));
    CHECK_OK(delete_sessions(db, by.user.id, by.id));
    CHECK_OK(put_codes(db, by.user.id, enabled.recovery_codes));
    CHECK_OK(forget_attempts(db, bucket));
    CHECK_OK(put_letter(
        db, rooms_, by.user,
        notice("A second factor was set up, and all other sessions were ended.", now, from)));
    CHECK_OK(audit::append(db, act_of(rooms_.ids, now, by.user.id, from, "second_factor.enabled")));
    return std::nullopt;
  };
  CO_TRY(auto refused, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (refused) co_return std::unexpected(*std::move(refused));
  rooms_.mail_waits();
  co_return enabled;
}

/// The part that both of the following have: nullopt where the password and the code let them go
/// on.
Result<std::optional<Error>> Accounts::pass(store::Connection& db, const Proof& proof,
                                            const FactorTry& with) const {
  TRY(const bool holds, hold_password(db, with.user.id, proof.password_hash));
  if (!holds) return over_meanwhile();
  TRY(const FactorCheck check, check_second_factor(db, rooms_, with));
  if (check.end == FactorCheck::End::kNone) return no_factor();
  if (!check.lets_in()) return refusal_of(check);
  CHECK_OK(forget_attempts(db, proof.bucket));
  return std::nullopt;
}

Task<Secret> Accounts::disable_second_factor(Session by, Secret password, Secret code,
                                             audit::Origin from) {
  CO_TRY(const Proof proof, co_await prove(by, std::move(password)));
  const FactorTry with = try_of(by, std::move(code), from);
  const Secret token = crypto::random_token();
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<std::optional<Error>> {
    TRY(auto refused, pass(db, proof, with));
    if (refused) return refused;
    TRY(const bool goes_on, rotate_session(db, by.id, hash_of(token)));
    if (!goes_on) return over_meanwhile();
    TRY([[maybe_unused]] const bool deleted, delete_factor(db, by.user.id));
    CHECK_OK(set_session_factor(db, by.id, false));
    CHECK_OK(delete_sessions(db, by.user.id, by.id));
    CHECK_OK(put_letter(
        db, rooms_, by.user,
        notice("The second factor was disabled, and all other sessions were ended.", now, from)));
    CHECK_OK(
        audit::append(db, act_of(rooms_.ids, now, by.user.id, from, "second_factor.disabled")));
    return std::nullopt;
  };
  CO_TRY(auto refused, co_await store::change(rooms_.db, kKind, std::move(body)));
  rooms_.mail_waits();
  if (refused) co_return std::unexpected(*std::move(refused));
  co_return token;
}

Task<std::vector<Secret>> Accounts::renew_recovery_codes(Session by, Secret password, Secret code,
                                                         audit::Origin from) {
  CO_TRY(const Proof proof, co_await prove(by, std::move(password)));
  const FactorTry with = try_of(by, std::move(code), from);
  const auto codes = make_recovery_codes();
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<std::optional<Error>> {
    TRY(auto refused, pass(db, proof, with));
    if (refused) return refused;
    CHECK_OK(put_codes(db, by.user.id, codes));
    CHECK_OK(put_letter(db, rooms_, by.user,
                        notice("New recovery codes were made; the old ones are void.", now, from)));
    CHECK_OK(audit::append(
        db, act_of(rooms_.ids, now, by.user.id, from, "second_factor.recovery_codes_renewed")));
    return std::nullopt;
  };
  CO_TRY(auto refused, co_await store::change(rooms_.db, kKind, std::move(body)));
  rooms_.mail_waits();
  if (refused) co_return std::unexpected(*std::move(refused));
  co_return codes;
}

// --- in other rooms' transactions ---

Result<std::optional<std::string>> Accounts::factor_mark_in(store::Connection& db,
                                                            const UserId& user) {
  TRY(const auto factor, find_factor(db, user));
  if (!factor || !factor->enabled_at) return std::nullopt;
  TRY(const auto codes, list_recovery_codes(db, user));
  std::string text;
  pack_text(text, factor->sealed_seed);
  pack_text(text, std::to_string(to_unix_ms(*factor->enabled_at)));
  pack_text(text, std::to_string(factor->last_step));
  for (const std::string& code : codes) pack_text(text, code);
  return std::string(as_text(crypto::sha256(text)));
}

Result<> Accounts::drop_second_factor_in(store::Connection& db, const UserId& user) {
  TRY([[maybe_unused]] const bool was_there, delete_factor(db, user));
  return delete_sessions(db, user, SessionId());
}

}  // namespace flowsell::accounts
