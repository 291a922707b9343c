#include "team/retention_runs.h"

#include <array>

#include "audit/audit_log.h"
#include "json/writer.h"
#include "metering/metering.h"
#include "store/sql.h"
#include "team/acts.h"

namespace flowsell::team {
namespace {

using store::Sql;

/// Days that one transaction reports.
constexpr std::int64_t kReportedAtOnce = 100;

constexpr std::array<std::string_view, kRemovedKinds> kNames = {"messages", "events", "deliveries",
                                                                "contents"};

const Sql kCount(
    "INSERT INTO retention_runs (workspace_id, day, messages, events, deliveries, contents, "
    "is_over) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0) ON CONFLICT (workspace_id, day) DO UPDATE SET "
    "messages = retention_runs.messages + excluded.messages, "
    "events = retention_runs.events + excluded.events, "
    "deliveries = retention_runs.deliveries + excluded.deliveries, "
    "contents = retention_runs.contents + excluded.contents");
#define RUN_COLUMNS "day, messages, events, deliveries, contents, is_over"
const Sql kList("SELECT " RUN_COLUMNS
                " FROM retention_runs WHERE workspace_id = ?1 AND day >= ?2 AND day <= ?3 ORDER BY "
                "day DESC");
const Sql kUnreported("SELECT " RUN_COLUMNS
                      ", workspace_id FROM retention_runs WHERE is_over = 0 AND day < ?1 ORDER BY "
                      "day LIMIT ?2");
#undef RUN_COLUMNS
const Sql kReport("UPDATE retention_runs SET is_over = 1 WHERE workspace_id = ?1 AND day = ?2");

RetentionRun run_of(const store::Row& row) {
  RetentionRun run;
  run.day = row.integer(0);
  for (std::size_t i = 0; i < kRemovedKinds; ++i)
    run.counts.at(i) = row.integer(1 + static_cast<int>(i));
  run.is_over = row.integer(5) != 0;
  return run;
}

std::string json_of_run(const RetentionRun& run) {
  const Time begin{std::chrono::days(run.day)};
  json::Writer out;
  out.begin_object().key("date").string(format_time(begin).substr(0, 10));
  for (std::size_t i = 0; i < kRemovedKinds; ++i) out.key(kNames.at(i)).integer(run.counts.at(i));
  out.end_object();
  return std::move(out).take();
}

struct Unreported {
  WorkspaceId workspace;
  RetentionRun run;
};

}  // namespace

std::string_view removed_name(Removed kind) noexcept {
  return kNames[static_cast<std::size_t>(kind)];
}

Result<> count_removed(store::Connection& db, const WorkspaceId& workspace, Removed kind,
                       std::int64_t count, Time now) {
  std::array<std::int64_t, kRemovedKinds> counts{};
  counts.at(static_cast<std::size_t>(kind)) = count;
  return db.write(kCount,
                  {workspace, metering::day_of(now), counts[0], counts[1], counts[2], counts[3]});
}

Result<bool> report_removed(store::Connection& db, IdSource& ids, Time now) {
  std::vector<Unreported> all;
  CHECK_OK(db.query(
      kUnreported, {metering::day_of(now), kReportedAtOnce},
      [&all](const store::Row& row) { all.push_back({row.id<WorkspaceId>(6), run_of(row)}); }));
  std::vector<audit::Act> acts;
  for (const auto& [workspace, run] : all) {
    CHECK_OK(db.write(kReport, {workspace, run.day}));
    auto act = act_of(ids, now, workspace, {}, {}, "retention.enforced", workspace.str());
    act.after = json_of_run(run);
    acts.push_back(std::move(act));
  }
  if (!acts.empty()) CHECK_OK(audit::append(db, acts));
  return all.size() == static_cast<std::size_t>(kReportedAtOnce);
}

Result<std::vector<RetentionRun>> list_retention_runs(store::Connection& db,
                                                      const WorkspaceId& workspace,
                                                      std::int64_t first_day,
                                                      std::int64_t last_day) {
  std::vector<RetentionRun> all;
  CHECK_OK(db.query(kList, {workspace, first_day, last_day},
                    [&all](const store::Row& row) { all.push_back(run_of(row)); }));
  return all;
}

}  // namespace flowsell::team
