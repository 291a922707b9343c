#include <algorithm>
#include <array>
#include <vector>

#include "audit/audit_log.h"
#include "connections/connection_record.h"
#include "erasure.h"
#include "rows.h"
#include "store/change.h"

namespace flowsell::privacy {
namespace {

using store::Sql;

const Sql kUnderWay("SELECT COUNT(*) FROM claimed_jobs WHERE workspace_id = ?1");

/// Tables whose rows are so many that they go some thousand at a time.
constexpr std::array<std::string_view, 4> kLarge = {"messages", "events", "deliveries",
                                                    "queued_jobs"};

bool is_large(const HeldTable& table) {
  return std::ranges::find(kLarge, table.name) != kLarge.end();
}

bool is_of_cell(const HeldTable& table, Fate fate) {
  return table.place == Place::kCell && table.of_workspace == fate;
}

Result<> delete_tables(store::Connection& db, Fate fate, const WorkspaceId& workspace) {
  for (const HeldTable& table : inventory()) {
    if (is_of_cell(table, fate))
      CHECK_OK(delete_rows(db, table, table.workspace_column, workspace));
  }
  return {};
}

/// All keys of a workspace, and what goes on record of those that were good.
struct Revoked {
  std::vector<ApiKeyId> keys;
  std::vector<audit::Act> acts;
};
Result<Revoked> revoke_all(store::Connection& db, const Tools& tools,
                           const WorkspaceId& workspace) {
  Revoked revoked;
  const Time now = tools.clock.now();
  TRY(const auto all, identity::list_keys(db, workspace));
  for (const identity::ApiKey& key : all) {
    revoked.keys.push_back(key.id);
    TRY(const bool was_good, identity::revoke_key(db, workspace, key.id, now));
    if (!was_good) continue;
    revoked.acts.push_back(
        audit::new_act(tools.ids, now, workspace.blob(), {}, {}, "api_key.revoked", key.id.str()));
  }
  return revoked;
}

/// False: the cell is about to be closed.
Task<bool> delete_large(CellRooms rooms, WorkspaceId workspace) {
  for (const HeldTable& table : inventory()) {
    if (!is_of_cell(table, Fate::kRows) || !is_large(table)) continue;
    bool more = true;
    while (more) {
      if (rooms.should_stop()) co_return false;
      auto body = [&](store::Connection& connection) {
        return delete_some(connection, table, workspace);
      };
      CO_TRY(more, co_await store::change(rooms.db, kErasureKind, std::move(body)));
    }
  }
  co_return true;
}

/// False: the cell is about to be closed.
Task<bool> erase_whole_record(CellRooms rooms, Tools tools, WorkspaceId workspace) {
  audit::Erasure all;
  all.scope = workspace.blob();
  audit::ErasureStep step{.more = true};
  while (step.more) {
    if (rooms.should_stop()) co_return false;
    auto body = [&](store::Connection& connection) -> Result<audit::ErasureStep> {
      TRY(const auto next, audit::erase_personal(connection, all, step.behind));
      if (next.erased > 0) {
        CHECK_OK(audit::append(connection,
                               audit::new_act(tools.ids, tools.clock.now(), all.scope, {}, {},
                                              "audit.personal_erased", workspace.str())));
      }
      return next;
    };
    CO_TRY(step, co_await store::change(rooms.db, kErasureKind, std::move(body)));
  }
  co_return true;
}

}  // namespace

bool has_begun(const CellRooms& rooms, const WorkspaceId& workspace,
               std::optional<messaging::ContactHash> contact) {
  for (const auto mode : {identity::Mode::kTest, identity::Mode::kLive}) {
    messaging::MessageQuery query;
    query.workspace = workspace;
    query.mode = mode;
    query.contact_hash = contact;
    if (!rooms.begun_messages.matching(query).empty()) return true;
  }
  return false;
}

Task<> revoke_keys(CellRooms rooms, Tools tools, DataRequest request) {
  Revoked revoked;
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(revoked, revoke_all(db, tools, request.workspace));
    return audit::append(db, revoked.acts);
  };
  CO_CHECK_OK(co_await store::change(rooms.db, kErasureKind, std::move(body)));
  for (const ApiKeyId& key : revoked.keys) rooms.api_keys.forget(key);
  co_return Result<>{};
}

Task<> end_workspace(CellRooms rooms, Tools tools, DataRequest request) {
  const WorkspaceId workspace = request.workspace;
  std::vector<ApiKeyId> keys;
  std::vector<ConnectionId> connected;
  auto body = [&](store::Connection& db) -> Result<> {
    const Time now = tools.clock.now();
    // Those that came since.
    TRY(auto revoked, revoke_all(db, tools, workspace));
    keys = std::move(revoked.keys);
    std::vector<audit::Act>& acts = revoked.acts;
    connected.clear();
    for (const auto mode : {identity::Mode::kTest, identity::Mode::kLive}) {
      TRY(const auto all, connections::list_connections(db, workspace, mode));
      for (const auto& each : all) connected.push_back(each.id);
    }
    // With what was sealed under it: a start must not meet the one without the other.
    CHECK_OK(identity::Workspaces::destroy(db, workspace));
    CHECK_OK(delete_tables(db, Fate::kKeys, workspace));
    acts.push_back(audit::new_act(tools.ids, now, workspace.blob(), {}, {}, "workspace.deleted",
                                  workspace.str()));
    acts.back().after = audit::json_of({{"data_request", request.id.str()}});
    return audit::append(db, acts);
  };
  CO_CHECK_OK(co_await store::change(rooms.db, kErasureKind, std::move(body)));
  for (const ApiKeyId& key : keys) rooms.api_keys.forget(key);
  for (const auto& sender : rooms.senders.of_workspace(workspace))
    rooms.sender_states.forget(sender->id);
  for (const ConnectionId& each : connected) rooms.templates.forget(each);
  rooms.senders.forget_workspace(workspace);
  rooms.endpoints.forget_workspace(workspace);
  rooms.workspaces.forget(workspace);
  co_return Result<>{};
}

Task<bool> erase_workspace(CellRooms rooms, Tools tools, DataRequest request) {
  const WorkspaceId workspace = request.workspace;
  CO_TRY(const bool are_gone, co_await delete_large(rooms, workspace));
  if (!are_gone) co_return false;
  if (has_begun(rooms, workspace)) co_return false;
  std::vector<ApiKeyId> late_keys;
  auto body = [&](store::Connection& db) -> Result<bool> {
    late_keys.clear();
    std::int64_t under_way = 0;
    CHECK_OK(db.query(kUnderWay, {workspace},
                      [&under_way](const store::Row& row) { under_way = row.integer(0); }));
    if (under_way > 0) return false;
    // A member's call that was under way when the workspace ended may have made one.
    TRY(const auto keys, identity::list_keys(db, workspace));
    for (const identity::ApiKey& key : keys) late_keys.push_back(key.id);
    CHECK_OK(delete_tables(db, Fate::kKeys, workspace));
    CHECK_OK(delete_tables(db, Fate::kRows, workspace));  // of large ones what ended since
    CHECK_OK(rooms.begun_messages.clear_unused(db));
    CHECK_OK(rooms.begun_deliveries.clear_unused(db));
    return true;
  };
  CO_TRY(const bool is_done, co_await store::change(rooms.db, kErasureKind, std::move(body)));
  if (!is_done) co_return false;
  for (const ApiKeyId& key : late_keys) rooms.api_keys.forget(key);
  co_return co_await erase_whole_record(rooms, tools, workspace);
}

}  // namespace flowsell::privacy
