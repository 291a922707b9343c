// The rows of connections, their steps and who pays for them.
#include <algorithm>
#include <functional>

#include "connections/connection_record.h"

namespace flowsell::connections {
namespace {

using store::Param;
using store::Sql;

#define CONNECTION_COLUMNS                                                                       \
  "workspace_id, id, mode, channel, account, business_name, sealed_token, created_at, label, "   \
  "status, reason, reason_at, via, owner_business_id, currency, time_zone, address, is_on_app, " \
  "token_expires_at, token_checked_at, token_user, payment, admin_notes, updated_at, "           \
  "disconnected_at"
const Sql kFind("SELECT " CONNECTION_COLUMNS
                " FROM connections WHERE workspace_id = ?1 AND id = ?2");
const Sql kOfWorkspace("SELECT " CONNECTION_COLUMNS
                       " FROM connections WHERE workspace_id = ?1 AND mode = ?2 ORDER BY id DESC");
const Sql kAll("SELECT " CONNECTION_COLUMNS " FROM connections WHERE status <> 4");
const Sql kByAccount("SELECT " CONNECTION_COLUMNS
                     " FROM connections WHERE account = ?3 AND mode = ?1 AND channel = ?2 AND "
                     "status <> 4 ORDER BY created_at LIMIT 1");
const Sql kOwn("SELECT " CONNECTION_COLUMNS
               " FROM connections WHERE workspace_id = ?1 AND mode = ?2 AND channel = ?3 AND "
               "account = ?4 ORDER BY id DESC LIMIT 1");
#undef CONNECTION_COLUMNS
const Sql kPut(
    "INSERT INTO connections (workspace_id, id, mode, channel, account, business_name, "
    "sealed_token, created_at, label, status, reason, reason_at, via, owner_business_id, currency, "
    "time_zone, address, is_on_app, token_expires_at, token_checked_at, token_user, payment, "
    "admin_notes, updated_at, disconnected_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
    "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25) ON "
    "CONFLICT (workspace_id, id) DO UPDATE SET account = excluded.account, business_name = "
    "excluded.business_name, sealed_token = excluded.sealed_token, label = excluded.label, status "
    "= excluded.status, reason = excluded.reason, reason_at = excluded.reason_at, via = "
    "excluded.via, owner_business_id = excluded.owner_business_id, currency = excluded.currency, "
    "time_zone = excluded.time_zone, address = excluded.address, is_on_app = excluded.is_on_app, "
    "token_expires_at = excluded.token_expires_at, token_checked_at = excluded.token_checked_at, "
    "token_user = excluded.token_user, payment = excluded.payment, admin_notes = "
    "excluded.admin_notes, updated_at = excluded.updated_at, disconnected_at = "
    "excluded.disconnected_at");

#define STEPS_OF                                                                                  \
  "SELECT step, state, code, fix, about, provider_code, provider_subcode, provider_trace, note, " \
  "done_by, at, connection_id FROM connection_steps WHERE workspace_id = ?1 "
const Sql kSteps(STEPS_OF "AND connection_id = ?2 ORDER BY at, step");
const Sql kStepsOfAll(STEPS_OF "ORDER BY at, step");
#undef STEPS_OF
const Sql kPutStep(
    "INSERT INTO connection_steps (workspace_id, connection_id, step, state, code, fix, about, "
    "provider_code, provider_subcode, provider_trace, note, done_by, at) VALUES (?1, ?2, ?3, ?4, "
    "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (workspace_id, connection_id, step) DO "
    "UPDATE SET state = excluded.state, code = excluded.code, fix = excluded.fix, about = "
    "excluded.about, provider_code = excluded.provider_code, provider_subcode = "
    "excluded.provider_subcode, provider_trace = excluded.provider_trace, note = excluded.note, "
    "done_by = excluded.done_by, at = excluded.at");
#define FUNDING_OF                                                                            \
  "SELECT effective_from, mode, set_by, set_at, connection_id FROM connection_funding WHERE " \
  "workspace_id = ?1 "
const Sql kFunding(FUNDING_OF "AND connection_id = ?2 ORDER BY effective_from");
const Sql kFundingOfAll(FUNDING_OF "ORDER BY effective_from");
#undef FUNDING_OF
const Sql kPutFunding(
    "INSERT INTO connection_funding (workspace_id, connection_id, effective_from, mode, set_by, "
    "set_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (workspace_id, connection_id, "
    "effective_from) DO UPDATE SET mode = excluded.mode, set_by = excluded.set_by, set_at = "
    "excluded.set_at");

ConnectionRecord record_of(const store::Row& row) {
  ConnectionRecord r;
  r.workspace = row.id<WorkspaceId>(0);
  r.id = row.id<ConnectionId>(1);
  r.mode = static_cast<identity::Mode>(row.integer(2));
  r.channel = row.text(3);
  r.account = row.text(4);
  r.business_name = row.text(5);
  r.sealed_token = row.text(6);
  r.created_at = row.time(7);
  r.label = row.text(8);
  r.status = static_cast<ConnectionStatus>(row.integer(9));
  r.reason = row.text(10);
  r.reason_at = row.time(11);
  r.via = static_cast<ConnectedVia>(row.integer(12));
  r.owner_business_id = row.text(13);
  r.currency = row.text(14);
  r.time_zone = row.text(15);
  r.address = row.text(16);
  r.is_on_app = row.integer(17) != 0;
  r.token_expires_at = row.optional_time(18);
  r.token_checked_at = row.optional_time(19);
  r.token_user = row.text(20);
  r.payment = static_cast<PaymentStatus>(row.integer(21));
  r.admin_notes = row.text(22);
  r.updated_at = row.is_null(23) ? r.created_at : row.time(23);
  r.disconnected_at = row.optional_time(24);
  return r;
}

StepRow step_of(const store::Row& row) {
  StepRow step;
  step.name = row.text(0);
  step.state = static_cast<StepState>(row.integer(1));
  step.code = row.text(2);
  step.fix = row.text(3);
  step.about = row.text(4);
  step.provider_code = row.integer(5);
  step.provider_subcode = row.integer(6);
  step.trace_id = row.text(7);
  step.note = row.text(8);
  step.by = row.text(9);
  step.at = row.time(10);
  return step;
}

Funding funding_of(const store::Row& row) {
  return {row.time(0), static_cast<FundingMode>(row.integer(1)), std::string(row.text(2)),
          row.time(3)};
}

Result<> read_parts(store::Connection& db, ConnectionRecord& record) {
  CHECK_OK(db.query(kSteps, {record.workspace, record.id},
                    [&](const store::Row& row) { record.steps.push_back(step_of(row)); }));
  return db.query(kFunding, {record.workspace, record.id},
                  [&](const store::Row& row) { record.funding.push_back(funding_of(row)); });
}

/// Of all that a workspace has, at once. `all` are ordered by id, newest first.
Result<> read_parts(store::Connection& db, const WorkspaceId& workspace,
                    std::vector<ConnectionRecord>& all) {
  // Those of the other mode have parts too.
  const auto find = [&all](const ConnectionId& id) -> ConnectionRecord* {
    const auto found = std::ranges::lower_bound(all, id, std::greater<>{}, &ConnectionRecord::id);
    return found == all.end() || found->id != id ? nullptr : &*found;
  };
  CHECK_OK(db.query(kStepsOfAll, {workspace}, [&find](const store::Row& row) {
    if (auto* const of = find(row.id<ConnectionId>(11))) of->steps.push_back(step_of(row));
  }));
  return db.query(kFundingOfAll, {workspace}, [&find](const store::Row& row) {
    if (auto* const of = find(row.id<ConnectionId>(4))) of->funding.push_back(funding_of(row));
  });
}

Result<std::optional<ConnectionRecord>> find_one(store::Connection& db, const Sql& sql,
                                                 store::Params params) {
  std::optional<ConnectionRecord> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = record_of(row); }));
  if (found) CHECK_OK(read_parts(db, *found));
  return found;
}

Param reason_time(const ConnectionRecord& r) {
  return r.reason.empty() ? Param(nullptr) : Param(r.reason_at);
}

Result<> put(store::Connection& db, const ConnectionRecord& r) {
  return db.write(kPut, {r.workspace,
                         r.id,
                         static_cast<int>(r.mode),
                         r.channel,
                         r.account,
                         r.business_name,
                         Param::blob(r.sealed_token),
                         r.created_at,
                         r.label,
                         static_cast<int>(r.status),
                         r.reason,
                         reason_time(r),
                         static_cast<int>(r.via),
                         r.owner_business_id,
                         r.currency,
                         r.time_zone,
                         r.address,
                         r.is_on_app,
                         r.token_expires_at,
                         r.token_checked_at,
                         r.token_user,
                         static_cast<int>(r.payment),
                         r.admin_notes,
                         r.updated_at,
                         r.disconnected_at});
}

template <class T>
bool had(const std::vector<T>* before, const T& value) {
  return before != nullptr && std::ranges::find(*before, value) != before->end();
}

Result<> put_step(store::Connection& db, const ConnectionRecord& r, const StepRow& s) {
  return db.write(kPutStep,
                  {r.workspace, r.id, s.name, static_cast<int>(s.state), s.code, s.fix, s.about,
                   s.provider_code, s.provider_subcode, s.trace_id, s.note, s.by, s.at});
}

}  // namespace

Result<std::optional<ConnectionRecord>> find_connection(store::Connection& db,
                                                        const WorkspaceId& workspace,
                                                        const ConnectionId& id) {
  return find_one(db, kFind, {workspace, id});
}

Result<std::vector<ConnectionRecord>> list_connections(store::Connection& db,
                                                       const WorkspaceId& workspace,
                                                       identity::Mode mode) {
  std::vector<ConnectionRecord> all;
  CHECK_OK(db.query(kOfWorkspace, {workspace, static_cast<int>(mode)},
                    [&all](const store::Row& row) { all.push_back(record_of(row)); }));
  CHECK_OK(read_parts(db, workspace, all));
  return all;
}

Result<std::vector<ConnectionRecord>> all_connected(store::Connection& db) {
  std::vector<ConnectionRecord> all;
  CHECK_OK(db.query(kAll, {}, [&all](const store::Row& row) { all.push_back(record_of(row)); }));
  return all;
}

Result<std::optional<ConnectionRecord>> find_by_account(store::Connection& db, identity::Mode mode,
                                                        std::string_view channel,
                                                        std::string_view account) {
  return find_one(db, kByAccount, {static_cast<int>(mode), channel, account});
}

Result<std::optional<ConnectionRecord>> find_own(store::Connection& db,
                                                 const WorkspaceId& workspace, identity::Mode mode,
                                                 std::string_view channel,
                                                 std::string_view account) {
  return find_one(db, kOwn, {workspace, static_cast<int>(mode), channel, account});
}

Result<> store_connection(store::Connection& db, const ConnectionRecord& record,
                          const ConnectionRecord* before) {
  CHECK_OK(put(db, record));
  for (const StepRow& step : record.steps) {
    if (!had(before == nullptr ? nullptr : &before->steps, step))
      CHECK_OK(put_step(db, record, step));
  }
  for (const Funding& each : record.funding) {
    if (had(before == nullptr ? nullptr : &before->funding, each)) continue;
    CHECK_OK(db.write(kPutFunding, {record.workspace, record.id, each.effective_from,
                                    static_cast<int>(each.mode), each.set_by, each.set_at}));
  }
  return {};
}

}  // namespace flowsell::connections
