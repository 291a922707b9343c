#include "operators/operators.h"

#include <utility>

#include "accounts/accounts.h"
#include "json/writer.h"
#include "store/change.h"

namespace flowsell::operators {
namespace {

using store::Sql;

constexpr store::WriteKind kKind{"operator", 8, store::apply_each<store::Change>};

#define OPERATOR_COLUMNS "user_id, role, made_by, since, disabled_at"
const Sql kFind("SELECT " OPERATOR_COLUMNS " FROM operators WHERE user_id = ?1");
const Sql kList("SELECT " OPERATOR_COLUMNS " FROM operators ORDER BY since, user_id");
#undef OPERATOR_COLUMNS
// Whoever changes operators holds the rows of all superadmins first, in one order: two replicas
// that each take away another one's role don't leave the installation without any.
#define SUPERADMINS \
  "SELECT user_id FROM operators WHERE role = 4 AND disabled_at IS NULL ORDER BY user_id"
const Sql kHoldSuperadmins(SUPERADMINS, SUPERADMINS " FOR UPDATE");
const Sql kSuperadmins(SUPERADMINS);
#undef SUPERADMINS
const Sql kInsert(
    "INSERT INTO operators (user_id, role, made_by, since) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (user_id) DO NOTHING");
const Sql kSet("UPDATE operators SET role = ?2, disabled_at = ?3 WHERE user_id = ?1");
const Sql kDelete("DELETE FROM operators WHERE user_id = ?1");

Operator operator_of(const store::Row& row) {
  return {row.id<UserId>(0), static_cast<Role>(row.integer(1)), std::string(row.text(2)),
          row.time(3), row.optional_time(4)};
}

Result<std::vector<UserId>> superadmins(store::Connection& db, const Sql& sql) {
  std::vector<UserId> all;
  CHECK_OK(db.query(sql, {}, [&all](const store::Row& row) { all.push_back(row.id<UserId>(0)); }));
  return all;
}

std::string json_of(const Operator& of) {
  json::Writer out;
  out.begin_object().key("role").string(role_name(of.role));
  out.key("disabled").boolean(of.disabled_at.has_value()).end_object();
  return std::move(out).take();
}

Error no_operator() { return {ErrorCode::kNotFound, "there is no such operator"}; }
Error last_superadmin() {
  return {ErrorCode::kConflict, "the last superadmin stays what he is: make another one first"};
}

/// What became of a change: the operator, or why not.
struct Changed {
  std::optional<Error> refused;
  Operator of;
};

Result<Changed> found_for_change(store::Connection& db, const UserId& user, bool stays_superadmin) {
  TRY(const bool is_last, is_last_superadmin(db, user));
  TRY(const auto found, find_operator(db, user));
  if (!found) return Changed{no_operator(), {}};
  if (is_last && !stays_superadmin) return Changed{last_superadmin(), {}};
  return Changed{std::nullopt, *found};
}

}  // namespace

audit::Act operator_act(IdSource& ids, Time now, const By& by, std::string name,
                        std::string target) {
  auto act = audit::new_act(ids, now, audit::operators_scope(),
                            {audit::ActorKind::kOperator, by.user.str()}, by.origin,
                            std::move(name), std::move(target));
  if (!by.reason.empty()) act.personal = audit::json_of({{"reason", by.reason}});
  return act;
}

Result<std::optional<Operator>> find_operator(store::Connection& db, const UserId& user) {
  std::optional<Operator> found;
  CHECK_OK(db.query(kFind, {user}, [&found](const store::Row& row) { found = operator_of(row); }));
  return found;
}

Result<bool> is_last_superadmin(store::Connection& db, const UserId& user) {
  TRY(const auto all, superadmins(db, kHoldSuperadmins));
  return all.size() == 1 && all.front() == user;
}

Operators::Operators(store::Database& db, IdSource& ids, const Clock& clock)
    : db_(db), ids_(ids), clock_(clock) {}

Task<std::optional<Operator>> Operators::find(UserId user) const {
  CO_TRY(auto found,
         co_await db_.read([user](store::Connection& db) { return find_operator(db, user); }));
  if (found && found->disabled_at) found.reset();
  co_return found;
}

Task<std::vector<Operator>> Operators::list() const {
  auto read = [](store::Connection& db) -> Result<std::vector<Operator>> {
    std::vector<Operator> all;
    CHECK_OK(
        db.query(kList, {}, [&all](const store::Row& row) { all.push_back(operator_of(row)); }));
    return all;
  };
  co_return co_await db_.read(std::move(read));
}

Task<Operator> Operators::add(By by, UserId user, Role role) {
  const Operator fresh{user, role, by.user.str(), clock_.now(), std::nullopt};
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool is_closed, audit::is_closed(db, user));
    if (is_closed) return fail(ErrorCode::kNotFound, "there is no such user");
    TRY(const auto inserted,
        db.run(kInsert, {user, static_cast<int>(role), fresh.made_by, fresh.since}));
    if (inserted == 0) return false;
    CHECK_OK(accounts::Accounts::end_sessions_in(db, user));
    auto act = operator_act(ids_, fresh.since, by, "operator.created", user.str());
    act.after = json_of(fresh);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool is_new, co_await store::change(db_, kKind, std::move(body)));
  if (!is_new) co_return fail(ErrorCode::kConflict, "the user is an operator already");
  co_return fresh;
}

Task<Operator> Operators::change(By by, UserId user, Change change) {
  auto body = [&](store::Connection& db) -> Result<Changed> {
    const bool stays = change.role.value_or(Role::kSuperadmin) == Role::kSuperadmin &&
                       !change.disabled.value_or(false);
    TRY(auto changed, found_for_change(db, user, stays));
    if (changed.refused) return changed;
    const Operator before = changed.of;
    const Time now = clock_.now();
    changed.of.role = change.role.value_or(before.role);
    if (change.disabled && *change.disabled != before.disabled_at.has_value())
      changed.of.disabled_at = *change.disabled ? std::optional(now) : std::nullopt;
    CHECK_OK(db.write(kSet, {user, static_cast<int>(changed.of.role), changed.of.disabled_at}));
    const bool gets_more =
        changed.of.role != before.role || (before.disabled_at && !changed.of.disabled_at);
    if (gets_more) CHECK_OK(accounts::Accounts::end_sessions_in(db, user));
    auto act = operator_act(ids_, now, by, "operator.changed", user.str());
    act.before = json_of(before);
    act.after = json_of(changed.of);
    CHECK_OK(audit::append(db, act));
    return changed;
  };
  CO_TRY(auto changed, co_await store::change(db_, kKind, std::move(body)));
  if (changed.refused) co_return std::unexpected(*std::move(changed.refused));
  co_return std::move(changed.of);
}

Task<> Operators::remove(By by, UserId user) {
  auto body = [&](store::Connection& db) -> Result<Changed> {
    TRY(auto changed, found_for_change(db, user, /*stays_superadmin=*/false));
    if (changed.refused) return changed;
    CHECK_OK(db.write(kDelete, {user}));
    auto act = operator_act(ids_, clock_.now(), by, "operator.removed", user.str());
    act.before = json_of(changed.of);
    CHECK_OK(audit::append(db, act));
    return changed;
  };
  CO_TRY(auto changed, co_await store::change(db_, kKind, std::move(body)));
  if (changed.refused) co_return std::unexpected(*std::move(changed.refused));
  co_return Result<>{};
}

Result<> Operators::put_superadmin(const UserId& user) {
  auto body = [&](store::Connection& db) -> Result<> {
    const Time now = clock_.now();
    TRY(const auto before, find_operator(db, user));
    // Put again at a start: his sessions go on.
    if (before && before->role == Role::kSuperadmin && !before->disabled_at) return {};
    TRY([[maybe_unused]] const auto inserted,
        db.run(kInsert, {user, static_cast<int>(Role::kSuperadmin), "", now}));
    CHECK_OK(db.write(kSet, {user, static_cast<int>(Role::kSuperadmin), nullptr}));
    CHECK_OK(accounts::Accounts::end_sessions_in(db, user));
    auto act = operator_act(ids_, now, {}, "operator.created", user.str());
    act.actor = {};
    act.after = json_of({user, Role::kSuperadmin, "", now, std::nullopt});
    return audit::append(db, act);
  };
  return store::change_now(db_, kKind, std::move(body));
}

Result<bool> Operators::has_superadmin() const {
  Result<std::vector<UserId>> all;
  CHECK_OK(db_.read_now([&all](store::Connection& db) { all = superadmins(db, kSuperadmins); }));
  if (!all) return std::unexpected(std::move(all).error());
  return !all->empty();
}

Task<> Operators::record(By by, std::string name, std::string operation, std::string target,
                         std::string asked) {
  auto body = [&](store::Connection& db) -> Result<> {
    auto act = operator_act(ids_, clock_.now(), by, name, target);
    json::Writer after;
    after.begin_object().key("operation").string(operation).end_object();
    act.after = std::move(after).take();
    if (!asked.empty() || !by.reason.empty()) {
      json::Writer words;
      words.begin_object();
      if (!asked.empty()) words.key("query").raw(asked);
      words.optional_string("reason", by.reason).end_object();
      act.personal = std::move(words).take();
    }
    return audit::append(db, act);
  };
  co_return co_await store::change(db_, kKind, std::move(body));
}

Task<audit::EventPage> Operators::acts(audit::Query query) const {
  query.scope = audit::operators_scope();
  co_return co_await db_.read(
      [query = std::move(query)](store::Connection& db) { return audit::list(db, query); });
}

}  // namespace flowsell::operators
