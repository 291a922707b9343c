#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include "audit/audit_log.h"
#include "erasure.h"
#include "identity/permissions.h"
#include "json/json.h"
#include "json/writer.h"
#include "store/change.h"

namespace flowsell::privacy {
namespace {

using store::Param;
using store::Sql;

constexpr int kOwner = static_cast<int>(identity::Role::kOwner);
constexpr std::int64_t kReadAtOnce = 2000;

const Sql kEmail("SELECT email FROM users WHERE id = ?1");
const Sql kMemberships("SELECT workspace_id, role FROM members WHERE user_id = ?1");
const Sql kOtherOwners(
    "SELECT COUNT(*) FROM members WHERE workspace_id = ?1 AND role = 1 AND user_id <> ?2 AND "
    "user_id NOT IN (SELECT user_id FROM closed_accounts)");
const Sql kLeave("DELETE FROM members WHERE workspace_id = ?1 AND user_id = ?2");
const Sql kErasePolicyAddress("UPDATE policy_acceptances SET address = '' WHERE user_id = ?1");
const Sql kDropInvitations("DELETE FROM invitations WHERE invited_by = ?1");
const Sql kDropInvitationsTo("DELETE FROM invitations WHERE email = ?1");
// Some thousand rows at a time: no index knows what they are about.
const Sql kPersonalRows(
    "SELECT p.scope, p.seq, p.part, e.actor_id, e.target, p.data FROM (SELECT scope, seq, part, "
    "data FROM audit_personal WHERE (scope, seq, part) > (?1, ?2, ?3) ORDER BY scope, seq, part "
    "LIMIT ?4) AS p JOIN audit_events AS e ON e.scope = p.scope AND e.seq = p.seq ORDER BY "
    "p.scope, p.seq, p.part");
// Both addresses of such an act were proven. One that is somebody else's by now is his alone.
const Sql kAddressChanges(
    "SELECT p.data FROM audit_personal AS p JOIN audit_events AS e ON e.scope = p.scope AND e.seq "
    "= p.seq WHERE p.scope = ?1 AND p.part = 2 AND e.act = 'user.email_changed'");
const Sql kOwnerOfAddress("SELECT 1 FROM users WHERE email = ?1 AND id <> ?2");
const Sql kErase("DELETE FROM audit_personal WHERE scope = ?1 AND seq = ?2 AND part = ?3");

struct Membership {
  WorkspaceId workspace;
  int role = 0;
};

Result<std::vector<Membership>> memberships_of(store::Connection& db, const UserId& user) {
  std::vector<Membership> all;
  CHECK_OK(db.query(kMemberships, {user}, [&all](const store::Row& row) {
    all.push_back({row.id<WorkspaceId>(0), static_cast<int>(row.integer(1))});
  }));
  return all;
}

Result<std::optional<WorkspaceId>> find_last_owned(store::Connection& db, const UserId& user) {
  TRY(const auto all, memberships_of(db, user));
  for (const Membership& each : all) {
    if (each.role != kOwner) continue;
    std::int64_t others = 0;
    CHECK_OK(db.query(kOtherOwners, {each.workspace, user},
                      [&others](const store::Row& row) { others = row.integer(0); }));
    if (others == 0) return each.workspace;
  }
  return std::nullopt;
}

Result<> leave_all(store::Connection& db, Tools tools, const AccountSubject& account) {
  // It is already, unless an older version did that step.
  CHECK_OK(audit::close_account(db, account.user, tools.clock.now()));
  TRY(const auto all, memberships_of(db, account.user));
  std::vector<audit::Act> acts;
  for (const Membership& each : all) {
    CHECK_OK(db.write(kLeave, {each.workspace, account.user}));
    auto act = audit::new_act(tools.ids, tools.clock.now(), each.workspace.blob(), {}, {},
                              "member.removed", account.user.str());
    act.after = audit::json_of({{"because", "account_deleted"}});
    acts.push_back(std::move(act));
  }
  CHECK_OK(db.write(kDropInvitations, {account.user}));
  for (const std::string& address : account.addresses())
    CHECK_OK(db.write(kDropInvitationsTo, {address}));
  CHECK_OK(db.write(kErasePolicyAddress, {account.user}));
  return acts.empty() ? Result<>() : audit::append(db, acts);
}

Error has_no_other_owner(const WorkspaceId& workspace) {
  return {ErrorCode::kConflict, "the account is the last owner of " + workspace.str()};
}

/// A row of audit_personal.
struct PersonalRow {
  std::string scope;
  std::int64_t seq = 0, part = 0;
};

/// Addresses that the account had, and that nobody has now.
Result<std::vector<std::string>> former_addresses(store::Connection& shared, const UserId& user,
                                                  const std::string& email) {
  std::set<std::string> named;
  CHECK_OK(shared.query(kAddressChanges, {Param::blob(user.blob())}, [&](const store::Row& row) {
    const auto document = json::parse(row.text(0), {});
    const json::Object* change = document ? document->root().if_object() : nullptr;
    if (change == nullptr) return;
    for (const std::string_view side : {"before", "after"}) {
      const json::Value* of = change->if_contains(side);
      const json::Object* fields = of == nullptr ? nullptr : of->if_object();
      const json::Value* address = fields == nullptr ? nullptr : fields->if_contains("email");
      if (address != nullptr && address->is_string()) named.emplace(address->get_string());
    }
  }));
  named.erase(email);
  std::vector<std::string> former;
  for (const std::string& address : named) {
    bool is_anothers = false;
    CHECK_OK(shared.query(kOwnerOfAddress, {address, user},
                          [&is_anothers](const store::Row&) { is_anothers = true; }));
    if (!is_anothers) former.push_back(address);
  }
  return former;
}

/// Each chain says that something was taken out of it.
Result<> erase_rows(store::Connection& db, Tools tools, const AccountSubject& account,
                    std::span<const PersonalRow> rows) {
  std::vector<audit::Act> acts;
  for (const PersonalRow& row : rows) {
    CHECK_OK(db.write(kErase, {Param::blob(row.scope), row.seq, row.part}));
    if (!acts.empty() && acts.back().scope == row.scope) continue;
    acts.push_back(audit::new_act(tools.ids, tools.clock.now(), row.scope, {}, {},
                                  "audit.personal_erased", account.user.str()));
  }
  return audit::append(db, acts);
}

}  // namespace

const store::WriteKind kErasureKind{"erasure", 93, store::apply_each<store::Change>};

std::string chain_of(const DataRequest& request) {
  if (!request.user.is_none()) return std::string(request.user.blob());
  const auto by = UserId::parse(request.requested_by);
  return by ? std::string(by->blob()) : audit::system_scope();
}

audit::Act act_about(IdSource& ids, Time now, const DataRequest& request, std::string name,
                     const audit::Actor& by, const audit::Origin& from) {
  return audit::new_act(ids, now, chain_of(request), by, from, std::move(name), request.id.str());
}

Result<std::string> email_of(store::Connection& shared, const UserId& user) {
  std::string email;
  CHECK_OK(shared.query(kEmail, {user}, [&email](const store::Row& row) { email = row.text(0); }));
  return email;
}

std::vector<std::string> AccountSubject::addresses() const {
  std::vector<std::string> all = former;
  if (!email.empty()) all.push_back(email);
  return all;
}

bool AccountSubject::is_named_in(std::string_view target, std::string_view data) const {
  if (target == user.str()) return true;
  return std::ranges::any_of(addresses(), [data](const std::string& address) {
    return data.contains(json::quoted(address));
  });
}

Task<AccountSubject> account_of(store::Database& shared, UserId user) {
  co_return co_await shared.read([user](store::Connection& db) -> Result<AccountSubject> {
    AccountSubject account{.user = user};
    TRY(account.email, email_of(db, user));
    TRY(account.former, former_addresses(db, user, account.email));
    return account;
  });
}

Task<bool> close_in_cell(CellRooms rooms, Tools tools, UserId user) {
  auto body = [&](store::Connection& db) -> Result<std::optional<WorkspaceId>> {
    TRY(const auto owned, find_last_owned(db, user));
    if (!owned) CHECK_OK(audit::close_account(db, user, tools.clock.now()));
    return owned;
  };
  CO_TRY(const auto owned, co_await store::change(rooms.db, kErasureKind, std::move(body)));
  if (owned) co_return std::unexpected(has_no_other_owner(*owned));
  co_return true;
}

Task<bool> reopen_in_cell(CellRooms rooms, UserId user) {
  auto body = [user](store::Connection& db) { return audit::reopen_account(db, user); };
  CO_CHECK_OK(co_await store::change(rooms.db, kErasureKind, std::move(body)));
  co_return true;
}

Task<bool> erase_account_in_cell(CellRooms rooms, Tools tools, AccountSubject account) {
  auto body = [&](store::Connection& db) -> Result<std::optional<WorkspaceId>> {
    TRY(const auto owned, find_last_owned(db, account.user));
    if (owned) return owned;
    CHECK_OK(leave_all(db, tools, account));
    return std::nullopt;
  };
  CO_TRY(const auto owned, co_await store::change(rooms.db, kErasureKind, std::move(body)));
  if (owned) co_return std::unexpected(has_no_other_owner(*owned));
  co_return co_await erase_record(rooms.db, tools, std::move(account), rooms.is_leaving);
}

Task<bool> erase_record(store::Database& db, Tools tools, AccountSubject account,
                        StopFn should_stop) {
  const std::string user = account.user.str();
  PersonalRow behind;
  bool more = true;
  while (more) {
    if (should_stop && should_stop()) co_return false;
    std::vector<PersonalRow> rows;
    auto read = [&](store::Connection& connection) -> Result<bool> {
      std::int64_t seen = 0;
      CHECK_OK(connection.query(
          kPersonalRows, {Param::blob(behind.scope), behind.seq, behind.part, kReadAtOnce},
          [&](const store::Row& row) {
            ++seen;
            behind = {std::string(row.text(0)), row.integer(1), row.integer(2)};
            // Its own chain goes last: it says which addresses it had.
            if (behind.scope == account.user.blob()) return;
            const bool is_its_act = row.text(3) == user;
            if (is_its_act || (behind.part == 2 && account.is_named_in(row.text(4), row.text(5))))
              rows.push_back(behind);
          }));
      return seen == kReadAtOnce;
    };
    CO_TRY(more, co_await db.read(read));
    if (rows.empty()) continue;
    auto body = [&](store::Connection& connection) {
      return erase_rows(connection, tools, account, rows);
    };
    CO_CHECK_OK(co_await store::change(db, kErasureKind, std::move(body)));
  }
  // Its own chain is about nobody else.
  audit::Erasure own;
  own.scope = account.user.blob();
  audit::ErasureStep step{.more = true};
  while (step.more) {
    auto body = [&](store::Connection& connection) {
      return audit::erase_personal(connection, own, step.behind);
    };
    CO_TRY(step, co_await store::change(db, kErasureKind, std::move(body)));
  }
  co_return true;
}

}  // namespace flowsell::privacy
