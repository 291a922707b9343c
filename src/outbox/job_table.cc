#include "outbox/job_table.h"

#include <array>
#include <bit>
#include <set>

namespace flowsell::outbox {
namespace {

using store::Param;
using store::Sql;

constexpr std::array kMigrations = {store::Migration{20, "outbox jobs", R"sql(
CREATE TABLE queued_jobs (
  id BLOB NOT NULL PRIMARY KEY,
  kind INTEGER NOT NULL,
  workspace_id BLOB NOT NULL,
  lane_group BLOB NOT NULL,
  lane INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX queued_jobs_ready ON queued_jobs (lane_group, due_at, id, lane) WHERE state = 0;
CREATE INDEX queued_jobs_lane ON queued_jobs (lane_group, lane, id, state);
CREATE TABLE claimed_jobs (
  id BLOB NOT NULL PRIMARY KEY,
  kind INTEGER NOT NULL,
  workspace_id BLOB NOT NULL,
  lane_group BLOB NOT NULL,
  lane INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
)sql"}};

const Sql kInsertQueued(
    "INSERT INTO queued_jobs (id, kind, workspace_id, lane_group, lane, state, attempt, due_at, "
    "expires_at, key_id, "
    "sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
const Sql kInsertClaimed(
    "INSERT INTO claimed_jobs (id, kind, workspace_id, lane_group, lane, attempt, due_at, "
    "expires_at, key_id, sealed) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
const Sql kDeleteClaimed("DELETE FROM claimed_jobs WHERE id = ?1");
const Sql kDeleteQueued("DELETE FROM queued_jobs WHERE id = ?1");
const Sql kLaneHead(
    "SELECT id, state, due_at FROM queued_jobs WHERE lane_group = ?1 AND lane = ?2 ORDER BY id "
    "LIMIT 1");
const Sql kMakeReady("UPDATE queued_jobs SET state = 0 WHERE id = ?1");
// SQLite takes `state` from the row that has the smallest id; the index alone answers.
const Sql kPromoteOrphans(
    "UPDATE queued_jobs SET state = 0 WHERE id IN (SELECT id FROM "
    "(SELECT MIN(id) AS id, state FROM queued_jobs GROUP BY lane_group, lane) WHERE state = 2)",
    "UPDATE queued_jobs SET state = 0 WHERE id IN (SELECT id FROM (SELECT DISTINCT ON (lane_group, "
    "lane) id, state FROM queued_jobs ORDER BY lane_group, lane, id) AS heads WHERE state = 2)");
const Sql kHoldOthers(
    "UPDATE queued_jobs SET state = 2 WHERE lane_group = ?1 AND lane = ?2 AND state = 0 AND id <> "
    "?3");
// A look-up of its own: RETURNING would open a temporary table each time, at twice the cost.
const Sql kFindReady(
    "SELECT id, kind, workspace_id, lane_group, lane, attempt, due_at, expires_at, key_id, sealed "
    "FROM queued_jobs WHERE id = ?1 AND state = 0 AND due_at <= ?2");
const Sql kReady(
    "SELECT id, lane, due_at FROM queued_jobs WHERE lane_group = ?1 AND state = 0 ORDER BY due_at, "
    "id LIMIT ?2");
const Sql kClaimed(
    "SELECT id, kind, workspace_id, lane_group, lane, attempt, due_at, expires_at, key_id, sealed "
    "FROM claimed_jobs LIMIT ?1");
const Sql kQueuedAfter(
    "SELECT id, kind, workspace_id, lane_group, lane, attempt, due_at, expires_at, key_id, sealed "
    "FROM queued_jobs WHERE id > ?1 ORDER BY id LIMIT ?2");
const Sql kHas(
    "SELECT 1 FROM queued_jobs WHERE id = ?1 UNION ALL SELECT 1 FROM claimed_jobs WHERE id = ?1");
const Sql kOldestQueued("SELECT id FROM queued_jobs ORDER BY id LIMIT 1");
const Sql kOldestClaimed("SELECT id FROM claimed_jobs ORDER BY id LIMIT 1");
const Sql kGroups("SELECT lane_group, COUNT(*) FROM queued_jobs GROUP BY lane_group");
const Sql kKindOfGroup("SELECT kind FROM queued_jobs WHERE lane_group = ?1 LIMIT 1");

Param id_param(const IdBytes& id) {
  return Param::blob({reinterpret_cast<const char*>(id.data()), id.size()});
}
Param lane_param(Lane lane) { return {std::bit_cast<std::int64_t>(lane)}; }

IdBytes id_of(std::string_view blob) { return MessageId::from_blob(blob).bytes(); }

Job job_of(const store::Row& row) {
  Job job;
  job.id = id_of(row.text(0));
  job.kind = static_cast<JobKind>(row.integer(1));
  job.workspace = row.id<WorkspaceId>(2);
  job.group = id_of(row.text(3));
  job.lane = std::bit_cast<Lane>(row.integer(4));
  job.attempt = static_cast<int>(row.integer(5));
  job.due = row.time(6);
  job.expires_at = row.time(7);
  job.key_id = static_cast<std::uint32_t>(row.integer(8));
  job.sealed = row.text(9);
  return job;
}

struct Head {
  JobRef ref;
  JobState state;
};

using SetOfLanes = std::set<LaneOfGroup>;

Result<std::vector<std::optional<Head>>> lane_heads(store::Connection& db,
                                                    std::span<const LaneOfGroup> lanes) {
  std::vector<std::optional<Head>> heads(lanes.size());
  std::vector<Param> params;
  params.reserve(lanes.size() * 2);
  for (const LaneOfGroup& each : lanes)
    params.insert(params.end(), {id_param(each.group), lane_param(each.lane)});
  CHECK_OK(db.query_each(kLaneHead, params, 2, [&](std::size_t at, const store::Row& row) {
    heads[at] = Head{{id_of(row.text(0)), lanes[at].lane, row.time(2)},
                     static_cast<JobState>(row.integer(1))};
  }));
  return heads;
}

LaneOfGroup lane_of(const Job& job) { return {job.group, job.lane}; }

/// The lanes of those jobs that may become ready, as far as a queued job is in them.
Result<SetOfLanes> occupied_lanes(store::Connection& db, std::span<const NewJob> jobs) {
  std::vector<LaneOfGroup> lanes;
  for (const NewJob& each : jobs) {
    if (each.wanted == JobState::kReady) lanes.push_back(lane_of(each.job));
  }
  TRY(const auto heads, lane_heads(db, lanes));
  SetOfLanes occupied;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (heads[i]) occupied.insert(lanes[i]);
  }
  return occupied;
}

Result<> insert_claimed(store::Connection& db, const Job& job) {
  CHECK_OK(db.write(kInsertClaimed, {id_param(job.id), static_cast<int>(job.kind), job.workspace,
                                     id_param(job.group), lane_param(job.lane), job.attempt,
                                     job.due, job.expires_at, static_cast<std::int64_t>(job.key_id),
                                     Param::blob(job.sealed)}));
  return {};
}

Result<> insert_queued(store::Connection& db, const Job& job, JobState state, int attempts_begun,
                       Time due) {
  CHECK_OK(
      db.write(kInsertQueued,
               {id_param(job.id), static_cast<int>(job.kind), job.workspace, id_param(job.group),
                lane_param(job.lane), static_cast<int>(state), attempts_begun, due, job.expires_at,
                static_cast<std::int64_t>(job.key_id), Param::blob(job.sealed)}));
  return {};
}

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

Result<std::vector<JobState>> insert_jobs(store::Connection& db, std::span<const NewJob> jobs) {
  TRY(SetOfLanes occupied, occupied_lanes(db, jobs));
  std::vector<JobState> states;
  states.reserve(jobs.size());
  for (const auto& [job, wanted] : jobs) {
    JobState state = wanted;
    if (wanted == JobState::kReady && occupied.contains(lane_of(job))) state = JobState::kWaiting;
    if (state == JobState::kClaimed) {
      CHECK_OK(insert_claimed(db, job));
    } else {
      CHECK_OK(insert_queued(db, job, state, 0, job.due));
      occupied.insert(lane_of(job));
    }
    states.push_back(state);
  }
  return states;
}

Result<JobState> insert_job(store::Connection& db, const Job& job, JobState wanted) {
  const NewJob one{job, wanted};
  TRY(const auto states, insert_jobs(db, {&one, 1}));
  return states.front();
}

Result<> end_job(store::Connection& db, const JobId& id) {
  return db.write(kDeleteClaimed, {id_param(id)});
}

Result<> finish_job(store::Connection& db, const Job& job) {
  CHECK_OK(end_job(db, job.id));
  TRY([[maybe_unused]] const auto promoted, promote_lane(db, lane_of(job)));
  return {};
}

Result<> requeue_job(store::Connection& db, const Job& job, Time due) {
  // A job accepted in the moment when this one was neither queued nor known to be in flight may
  // stand ready: it goes back behind the head, or the retry would be overtaken.
  CHECK_OK(db.write(kHoldOthers, {id_param(job.group), lane_param(job.lane), id_param(job.id)}));
  CHECK_OK(end_job(db, job.id));
  return insert_queued(db, job, JobState::kReady, job.attempt, due);
}

Result<std::vector<std::optional<JobRef>>> promote_lanes(store::Connection& db,
                                                         std::span<const LaneOfGroup> lanes) {
  TRY(const auto heads, lane_heads(db, lanes));
  std::vector<std::optional<JobRef>> promoted(lanes.size());
  SetOfLanes done;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto& head = heads[i];
    if (!head || head->state != JobState::kWaiting || !done.insert(lanes[i]).second) continue;
    CHECK_OK(db.write(kMakeReady, {id_param(head->ref.id)}));
    promoted[i] = head->ref;
  }
  return promoted;
}

Result<std::optional<JobRef>> promote_lane(store::Connection& db, const LaneOfGroup& lane) {
  TRY(const auto promoted, promote_lanes(db, {&lane, 1}));
  return promoted.front();
}

Result<bool> has_job(store::Connection& db, const JobId& id) {
  bool has = false;
  CHECK_OK(db.query(kHas, {id_param(id)}, [&has](const store::Row&) { has = true; }));
  return has;
}

Result<std::optional<JobId>> oldest_job(store::Connection& db) {
  std::optional<JobId> oldest;
  for (const Sql* first : {&kOldestQueued, &kOldestClaimed}) {
    CHECK_OK(db.query(*first, {}, [&oldest](const store::Row& row) {
      const JobId id = id_of(row.text(0));
      if (!oldest || id < *oldest) oldest = id;
    }));
  }
  return oldest;
}

Result<> promote_orphans(store::Connection& db) {
  CHECK_OK(db.write(kPromoteOrphans, {}));
  return {};
}

Result<std::vector<std::optional<Job>>> claim_jobs(store::Connection& db,
                                                   std::span<const JobRef> refs) {
  std::vector<std::optional<Job>> jobs(refs.size());
  std::vector<Param> params;
  params.reserve(refs.size() * 2);
  for (const JobRef& ref : refs) params.insert(params.end(), {id_param(ref.id), ref.due});
  std::set<JobId> found;
  CHECK_OK(db.query_each(kFindReady, params, 2, [&](std::size_t at, const store::Row& row) {
    if (found.insert(refs[at].id).second) jobs[at] = job_of(row);
  }));
  for (const auto& job : jobs) {
    if (job) CHECK_OK(db.write(kDeleteQueued, {id_param(job->id)}));
  }
  for (auto& job : jobs) {
    if (!job) continue;
    ++job->attempt;
    CHECK_OK(insert_claimed(db, *job));
  }
  return jobs;
}

Result<std::vector<JobRef>> ready_jobs(store::Connection& db, const GroupId& group,
                                       std::size_t limit) {
  std::vector<JobRef> refs;
  CHECK_OK(db.query(
      kReady, {id_param(group), static_cast<std::int64_t>(limit)}, [&](const store::Row& row) {
        refs.push_back({id_of(row.text(0)), std::bit_cast<Lane>(row.integer(1)), row.time(2)});
      }));
  return refs;
}

Result<std::vector<Job>> claimed_jobs(store::Connection& db, std::size_t limit) {
  std::vector<Job> jobs;
  CHECK_OK(db.query(kClaimed, {static_cast<std::int64_t>(limit)},
                    [&](const store::Row& row) { jobs.push_back(job_of(row)); }));
  return jobs;
}

Result<std::vector<Job>> queued_jobs(store::Connection& db, const JobId& after, std::size_t limit) {
  std::vector<Job> jobs;
  CHECK_OK(db.query(kQueuedAfter, {id_param(after), static_cast<std::int64_t>(limit)},
                    [&](const store::Row& row) { jobs.push_back(job_of(row)); }));
  return jobs;
}

Result<> drop_queued_job(store::Connection& db, const JobId& id) {
  CHECK_OK(db.write(kDeleteQueued, {id_param(id)}));
  return {};
}

Result<std::vector<QueuedGroup>> queued_groups(store::Connection& db) {
  std::vector<QueuedGroup> groups;
  CHECK_OK(db.query(kGroups, {}, [&](const store::Row& row) {
    groups.push_back({JobKind::kSend, id_of(row.text(0)), row.integer(1)});
  }));
  for (QueuedGroup& group : groups) {
    CHECK_OK(db.query(kKindOfGroup, {id_param(group.group)}, [&](const store::Row& row) {
      group.kind = static_cast<JobKind>(row.integer(0));
    }));
  }
  return groups;
}

}  // namespace flowsell::outbox
