#include "recovery/removals.h"

#include <utility>

#include "audit/audit_log.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "mail/queue.h"
#include "mail/texts.h"
#include "removal_table.h"
#include "store/change.h"
#include "telemetry/log.h"

namespace flowsell::recovery {
namespace {

using accounts::Accounts;
using operators::Power;

constexpr store::WriteKind kKind{"second_factor_removal", 93, store::apply_each<store::Change>};

constexpr std::string_view kRemoved =
    "The second factor was taken off your account by the staff, as you were told, and all sessions "
    "were ended.";

Error invalid_token() { return {ErrorCode::kInvalidToken, "the token is wrong"}; }

/// Whether an operator may take the second factor of somebody, who is perhaps one himself.
bool may_remove(operators::Role role, const std::optional<operators::Operator>& of) {
  return operators::may(role, Power::kSecondFactorsRemove) &&
         (!of || operators::may(role, Power::kOperatorsManage));
}

}  // namespace

/// What became of a wish.
struct Removals::Taken {
  std::optional<Error> refused;
  Removal removal;
};

std::string_view state_name(State state) noexcept {
  switch (state) {
    case State::kWaiting:
      return "waiting";
    case State::kDone:
      return "done";
    case State::kCancelled:
      return "cancelled";
    case State::kVoid:
      return "void";
  }
  return "";
}

Removals::Removals(Rooms rooms, RemovalOptions options)
    : rooms_(std::move(rooms)), options_(std::move(options)) {}

// --- asking ---

Result<> Removals::put_mail(store::Connection& db, const Removal& removal, const std::string& email,
                            const Secret& token) const {
  mail::Mail mail;
  mail.id = rooms_.ids.next_bytes();
  mail.kind = mail::MailKind::kSecondFactorRemovalAsked;
  mail.to = Content(email);
  mail.params.emplace("when", mail::minute_text(removal.created_at));
  mail.params.emplace("removed_on", mail::minute_text(removal.effective_at));
  mail.params.emplace("link", mail::token_link(options_.public_url, "/keep-second-factor", token));
  mail.now = removal.created_at;
  return mail::enqueue(db, rooms_.spool, mail);
}

/// On the record of the user, and on the operators' own.
Result<> Removals::record(store::Connection& db, const Removal& removal, const audit::Actor& by,
                          const audit::Origin& from, const std::string& act) const {
  std::vector<audit::Act> acts;
  for (const auto& scope : {std::string(removal.user.blob()), audit::operators_scope()}) {
    acts.push_back(
        audit::new_act(rooms_.ids, rooms_.clock.now(), scope, by, from, act, removal.user.str()));
    acts.back().after = audit::json_of({{"state", state_name(removal.state)},
                                        {"requested_by", removal.requested_by.str()},
                                        {"effective_at", format_time(removal.effective_at)}});
    acts.back().personal = audit::json_of({{"reason", removal.reason}, {"ticket", removal.ticket}});
  }
  return audit::append(db, acts);
}

Result<std::optional<Error>> Removals::refusal(store::Connection& db, const operators::By& by,
                                               const UserId& user) const {
  if (by.user == user)
    return Error{ErrorCode::kInsufficientScope, "nobody asks for the removal of his own"};
  TRY(const auto of, operators::find_operator(db, user));
  if (!may_remove(by.role, of))
    return Error{ErrorCode::kInsufficientScope, "the account is an operator's"};
  TRY(const auto waiting, find_waiting(db, user));
  if (waiting) return Error{ErrorCode::kConflict, "a removal waits already"};
  return std::nullopt;
}

Result<Removals::Taken> Removals::take(store::Connection& db, const Asked& asked, Removal removal,
                                       const Secret& token) {
  // Of two that ask at once the second one sees the first one's.
  TRY(const bool is_there, Accounts::hold_in(db, asked.user));
  if (!is_there) return Taken{Error{ErrorCode::kNotFound, "there is no such user"}, {}};
  TRY(auto refused, refusal(db, asked.by, asked.user));
  if (refused) return Taken{std::move(refused), {}};
  TRY(const auto mark, Accounts::factor_mark_in(db, asked.user));
  if (!mark) return Taken{Error{ErrorCode::kConflict, "the account has no second factor"}, {}};
  TRY(const auto user, Accounts::find_in(db, asked.user));
  CHECK_OK(insert_removal(db, {removal, *mark}, crypto::sha256(token.reveal())));
  CHECK_OK(put_mail(db, removal, user->email, token));
  CHECK_OK(record(db, removal, {audit::ActorKind::kOperator, asked.by.user.str()}, asked.by.origin,
                  "second_factor.removal_asked"));
  return Taken{std::nullopt, std::move(removal)};
}

Task<Removal> Removals::ask(Asked asked) {
  const Secret token = crypto::random_token();
  Removal removal;
  removal.id = rooms_.ids.next_bytes();
  removal.user = asked.user;
  removal.requested_by = asked.by.user;
  removal.reason = asked.by.reason;
  removal.ticket = asked.ticket;
  removal.created_at = rooms_.clock.now();
  removal.effective_at = removal.created_at + options_.wait;
  auto body = [&](store::Connection& db) { return take(db, asked, removal, token); };
  CO_TRY(auto taken, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (taken.refused) co_return std::unexpected(*std::move(taken.refused));
  rooms_.accounts.wake_postman();
  rooms_.work_waits();
  co_return std::move(taken.removal);
}

Task<std::vector<Removal>> Removals::of_user(UserId user) const {
  co_return co_await rooms_.db.read(
      [user](store::Connection& db) { return list_removals(db, user); });
}

// --- stopping ---

Task<Removal> Removals::cancel(operators::By by, UserId user) {
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<std::optional<Removal>> {
    TRY(auto removal, find_waiting(db, user));
    if (!removal) return std::nullopt;
    TRY(const bool is_ended, end_removal(db, *removal, State::kCancelled, now));
    if (!is_ended) return std::nullopt;
    removal->state = State::kCancelled;
    removal->ended_at = now;
    Removal noted = *removal;
    noted.reason = by.reason;  // why it is cancelled
    CHECK_OK(record(db, noted, {audit::ActorKind::kOperator, by.user.str()}, by.origin,
                    "second_factor.removal_cancelled"));
    return removal;
  };
  CO_TRY(auto cancelled, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!cancelled) co_return fail(ErrorCode::kNotFound, "no removal waits");
  co_return *std::move(cancelled);
}

Task<Removal> Removals::find_by_link(Secret token) const {
  const auto hash = crypto::sha256(token.reveal());
  CO_TRY(auto found, co_await rooms_.db.read(
                         [hash](store::Connection& db) { return find_by_token(db, hash); }));
  if (!found) co_return std::unexpected(invalid_token());
  co_return *std::move(found);
}

Task<Removal> Removals::cancel_by_link(Secret token, audit::Origin from) {
  CO_TRY(Removal removal, co_await find_by_link(std::move(token)));
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool is_ended, end_removal(db, removal, State::kCancelled, now));
    if (!is_ended) return false;
    Removal ended = removal;
    ended.state = State::kCancelled;
    // Whoever has the link has the account's mail; no session says more.
    CHECK_OK(record(db, ended, {audit::ActorKind::kUser, removal.user.str()}, from,
                    "second_factor.removal_cancelled"));
    return true;
  };
  CO_TRY(const bool is_ended, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!is_ended) co_return fail(ErrorCode::kConflict, "the removal does not wait any more");
  removal.state = State::kCancelled;
  removal.ended_at = now;
  co_return removal;
}

// --- when its time has come ---

Result<bool> Removals::still_holds(store::Connection& db, const Removal& removal,
                                   const std::string& mark) const {
  TRY(const auto mark_now, Accounts::factor_mark_in(db, removal.user));
  if (mark_now != mark) return false;
  TRY(const auto asker, operators::find_operator(db, removal.requested_by));
  TRY(const auto of, operators::find_operator(db, removal.user));
  return asker && !asker->disabled_at && may_remove(asker->role, of);
}

Result<> Removals::take_effect(store::Connection& db, const Removal& removal,
                               const std::string& mark) {
  // Who signs in with a code meanwhile has done so before, and then it is void, or comes behind.
  TRY(const bool is_there, Accounts::hold_in(db, removal.user));
  if (!is_there) return {};
  TRY(const bool holds, still_holds(db, removal, mark));
  Removal ended = removal;
  ended.state = holds ? State::kDone : State::kVoid;
  TRY(const bool is_mine, end_removal(db, removal, ended.state, rooms_.clock.now()));
  if (!is_mine) return {};  // it was stopped, or another process was here
  if (holds) {
    TRY(const auto user, Accounts::find_in(db, removal.user));
    CHECK_OK(Accounts::drop_second_factor_in(db, removal.user));
    CHECK_OK(rooms_.accounts.put_notice_in(db, *user, std::string(kRemoved), {}));
  }
  return record(db, ended, {audit::ActorKind::kOperator, removal.requested_by.str()}, {},
                holds ? "second_factor.removed" : "second_factor.removal_void");
}

Task<> Removals::round() {
  const Time now = rooms_.clock.now();
  CO_TRY(const auto due,
         co_await rooms_.db.read([now](store::Connection& db) { return due_removals(db, now); }));
  for (const StoredRemoval& each : due) {
    auto body = [&](store::Connection& db) { return take_effect(db, each.removal, each.mark); };
    CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
    log::info("a removal of a second factor came to its end",
              {{"user_id", each.removal.user.str()}});
  }
  if (!due.empty()) rooms_.accounts.wake_postman();
  co_return Result<>{};
}

}  // namespace flowsell::recovery
