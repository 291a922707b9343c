#include <chrono>
#include <string>
#include <utility>

#include "accounts/accounts.h"
#include "attempts.h"
#include "audit/audit_log.h"
#include "journey.h"
#include "user_table.h"

// The record: what is read of it, and what time takes away: what it says of people, and accounts
// that nobody has verified.

namespace flowsell::accounts {
namespace {

constexpr auto kUnverifiedKept = std::chrono::days(7);
constexpr std::size_t kUsersAtOnce = 100;

/// All that a chain says of people.
Result<> erase_chain(store::Connection& db, const UserId& of) {
  audit::ErasureStep step{.behind = 0, .more = true};
  while (step.more) {
    TRY(step, audit::erase_personal(db, {std::string(of.blob()), {}}, step.behind));
  }
  return {};
}

}  // namespace

Result<bool> Accounts::remove_unverified(store::Connection& db, const UserId& user,
                                         std::string_view why) const {
  TRY(const bool is_gone, delete_unverified(db, user));
  if (!is_gone) return false;
  CHECK_OK(erase_chain(db, user));
  auto act = act_of(rooms_.ids, rooms_.clock.now(), user, {}, "user.removed");
  act.actor = {};
  act.target = user.str();
  act.after = audit::json_of({{"because", why}});
  CHECK_OK(audit::append(db, act));
  return true;
}

Task<> Accounts::remove_old_unverified() {
  const Time before = rooms_.clock.now() - kUnverifiedKept;
  auto body = [&](store::Connection& db) -> Result<std::size_t> {
    TRY(const auto ids, list_unverified(db, before));
    for (const UserId& id : ids) {
      TRY([[maybe_unused]] const bool is_gone, remove_unverified(db, id, "not_verified"));
    }
    return ids.size();
  };
  std::size_t removed = 1;
  while (removed > 0) {
    CO_TRY(removed, co_await store::change(rooms_.db, kKind, body));
  }
  co_return Result<>{};
}

Task<> Accounts::record_unknown() {
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(const auto counts, take_unknown(db, rooms_.clock.now()));
    std::vector<audit::Act> acts;
    for (const UnknownSignIns& each : counts) {
      auto act = audit::new_act(rooms_.ids, rooms_.clock.now(), audit::system_scope(), {}, {},
                                "user.sign_in_failed");
      act.origin.address = each.network;
      act.after = audit::json_of(
          {{"minute", format_time(each.minute)}, {"attempts", std::to_string(each.attempts)}});
      acts.push_back(std::move(act));
    }
    return acts.empty() ? Result<>() : audit::append(db, acts);
  };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

Task<std::int64_t> Accounts::erase_scope(std::string scope, Time before) {
  std::int64_t erased = 0;
  audit::ErasureStep step{.behind = 0, .more = true};
  auto body = [&](store::Connection& db) {
    return audit::erase_personal_before(db, scope, before, step.behind);
  };
  while (step.more) {
    CO_TRY(step, co_await store::change(rooms_.db, kKind, body));
    erased += step.erased;
  }
  co_return erased;
}

Task<std::int64_t> Accounts::erase_old_records(Time before) {
  CO_TRY(std::int64_t erased, co_await erase_scope(audit::system_scope(), before));
  CO_TRY(const std::int64_t of_operators, co_await erase_scope(audit::operators_scope(), before));
  erased += of_operators;
  UserId behind;
  std::size_t found = kUsersAtOnce;
  while (found == kUsersAtOnce) {
    CO_TRY(const auto users, co_await rooms_.db.read([behind](store::Connection& db) {
      return list_users_behind(db, behind, kUsersAtOnce);
    }));
    found = users.size();
    for (const UserId& user : users) {
      CO_TRY(const std::int64_t of_user, co_await erase_scope(std::string(user.blob()), before));
      erased += of_user;
      behind = user;
    }
  }
  if (erased == 0) co_return erased;
  auto report = [&](store::Connection& db) {
    auto act = audit::new_act(rooms_.ids, rooms_.clock.now(), audit::system_scope(), {}, {},
                              "audit.personal_expired");
    act.after = audit::json_of({{"before", format_time(before)}, {"rows", std::to_string(erased)}});
    return audit::append(db, act);
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(report)));
  co_return erased;
}

Task<audit::EventPage> Accounts::audit_events(UserId user, audit::Query query) {
  query.scope = user.blob();
  co_return co_await rooms_.db.read(
      [&query](store::Connection& db) { return audit::list(db, query); });
}

Task<audit::ExportPart> Accounts::export_audit_events(UserId user, std::int64_t behind,
                                                      audit::ExportLimits limits) {
  co_return co_await rooms_.db.read(
      [&](store::Connection& db) { return audit::export_part(db, user.blob(), behind, limits); });
}

}  // namespace flowsell::accounts
