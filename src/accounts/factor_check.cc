#include "factor_check.h"

#include <utility>

#include "accounts/seeds.h"
#include "attempts.h"
#include "audit/audit_log.h"
#include "factor_table.h"
#include "journey.h"
#include "letters.h"
#include "recovery_codes.h"
#include "totp.h"

namespace flowsell::accounts {
namespace {

using namespace std::chrono_literals;
using End = FactorCheck::End;

// Three of a million codes are right at a time: who tries all he may has found one of them in a
// year by a chance of one in thirty.
constexpr AttemptLimit kCodes{5, 15min};
constexpr AttemptLimit kCodesOfADay{30, 24h};
constexpr AttemptLimit kNotices{1, 24h};
constexpr AttemptLimit kRecords{1, 15min};

struct Buckets {
  crypto::Digest soon, day;
};
Buckets buckets_of(const FactorTry& with) {
  return {attempt_bucket({"second-factor", with.user.id.blob(), with.counted_by}),
          attempt_bucket({"second-factor-day", with.user.id.blob(), with.counted_by})};
}

Result<> tell(store::Connection& db, const Accounts::Rooms& rooms, const FactorTry& with,
              std::string what) {
  return put_letter(db, rooms, with.user, notice(std::move(what), rooms.clock.now(), with.from));
}

/// `counted_as`: what is told once.
Result<> tell_once_a_day(store::Connection& db, const Accounts::Rooms& rooms, const FactorTry& with,
                         std::string_view counted_as, std::string what) {
  const auto bucket = attempt_bucket({counted_as, with.user.id.blob()});
  TRY(const auto told, take_attempt(db, bucket, kNotices, rooms.clock.now()));
  return told ? Result<>() : tell(db, rooms, with, std::move(what));
}

/// By whoever tried: it may be somebody else.
Result<> record(store::Connection& db, const Accounts::Rooms& rooms, const FactorTry& with,
                std::string what) {
  auto act = act_of(rooms.ids, rooms.clock.now(), with.user.id, with.from, std::move(what));
  act.actor = {};
  return audit::append(db, act);
}

Result<FactorCheck> refuse_for_a_time(store::Connection& db, const Accounts::Rooms& rooms,
                                      const FactorTry& with, std::chrono::seconds wait) {
  CHECK_OK(tell_once_a_day(
      db, rooms, with, "second-factor-notice",
      "Somebody " + std::string(with.who) + " sent too many wrong codes of your second factor."));
  const auto recorded = attempt_bucket({"second-factor-stopped", with.user.id.blob()});
  TRY(const auto is_recorded, take_attempt(db, recorded, kRecords, rooms.clock.now()));
  if (!is_recorded) CHECK_OK(record(db, rooms, with, "second_factor.stopped"));
  return FactorCheck{End::kWait, wait};
}

Result<bool> take_totp(store::Connection& db, const Accounts::Rooms& rooms, const FactorTry& with,
                       const StoredFactor& factor, std::string_view code) {
  TRY(const Secret seed, open_seed(rooms.ring, with.user.id, factor.sealed_seed));
  const auto step = matching_step(seed, code, rooms.clock.now(), factor.last_step);
  return step ? take_step(db, with.user.id, *step) : Result<bool>(false);
}

Result<bool> take_recovery_code(store::Connection& db, const Accounts::Rooms& rooms,
                                const FactorTry& with) {
  const auto hash = recovery_code_hash(with.user.id, with.code.reveal());
  if (!hash) return false;
  TRY(const bool used, use_recovery_code(db, with.user.id, *hash));
  if (!used) return false;
  TRY(const auto left, count_recovery_codes(db, with.user.id));
  CHECK_OK(tell(db, rooms, with,
                "A recovery code was used; " + std::to_string(left) + " of them are left."));
  CHECK_OK(audit::append(db, act_of(rooms.ids, rooms.clock.now(), with.user.id, with.from,
                                    "second_factor.recovery_code_used")));
  return true;
}

Result<bool> take_code(store::Connection& db, const Accounts::Rooms& rooms, const FactorTry& with,
                       const StoredFactor& factor) {
  std::string digits(with.code.reveal());
  std::erase(digits, ' ');
  return digits.size() == kTotpDigits ? take_totp(db, rooms, with, factor, digits)
                                      : take_recovery_code(db, rooms, with);
}

}  // namespace

Result<FactorCheck> check_second_factor(store::Connection& db, const Accounts::Rooms& rooms,
                                        const FactorTry& with) {
  TRY(const auto factor, find_factor(db, with.user.id));
  if (!factor || !factor->enabled_at) return FactorCheck{End::kNone};
  if (with.code.empty()) return FactorCheck{End::kMissing};
  const Buckets buckets = buckets_of(with);
  const Time now = rooms.clock.now();
  TRY(auto wait, take_attempt(db, buckets.soon, kCodes, now));
  if (!wait) {
    TRY(wait, take_attempt(db, buckets.day, kCodesOfADay, now));
  }
  if (wait) return refuse_for_a_time(db, rooms, with, *wait);
  TRY(const bool taken, take_code(db, rooms, with, *factor));
  if (!taken) {
    CHECK_OK(record(db, rooms, with, "second_factor.refused"));
    return FactorCheck{End::kWrong};
  }
  CHECK_OK(forget_attempts(db, buckets.soon));
  CHECK_OK(forget_attempts(db, buckets.day));
  return FactorCheck{End::kPassed};
}

Result<> record_missing_code(store::Connection& db, const Accounts::Rooms& rooms,
                             const FactorTry& with) {
  CHECK_OK(record(db, rooms, with, "second_factor.missing"));
  if (!with.counted_by.empty()) return {};
  return tell_once_a_day(db, rooms, with, "second-factor-missing",
                         "Somebody who knows your password was asked for a code of your second "
                         "factor, on a device that has not signed in before.");
}

Error refusal_of(const FactorCheck& check) {
  if (check.end == End::kMissing)
    return {ErrorCode::kSecondFactorRequired, "the account has a second factor: a code is needed"};
  if (check.end == End::kWait) return too_many(check.wait);
  return {ErrorCode::kInvalidSecondFactor, "the code is wrong, or was used"};
}

}  // namespace flowsell::accounts
