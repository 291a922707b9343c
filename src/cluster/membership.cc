#include "cluster/membership.h"

#include <algorithm>

#include "cluster/schema.h"
#include "core/random.h"
#include "telemetry/log.h"

namespace flowsell::cluster {
namespace {

using store::Sql;

/// So much earlier than the others a replica takes its lease for over.
constexpr std::chrono::milliseconds kLeaseMargin{300};

const Sql kJoin("INSERT INTO replicas (id, address, beat, joined_at) VALUES (?1, ?2, 1, ?3)");
const Sql kAtAddress("SELECT id FROM replicas WHERE address = ?1");
const Sql kBeatOnce("UPDATE replicas SET beat = beat + 1 WHERE id = ?1");
const Sql kReplicas("SELECT id, address, beat FROM replicas ORDER BY id");
const Sql kCells("SELECT id, replica FROM cells ORDER BY id");
const Sql kTakeOut("DELETE FROM replicas WHERE id = ?1 AND beat = ?2");
const Sql kLeave("DELETE FROM replicas WHERE id = ?1");
const Sql kFree("UPDATE cells SET replica = NULL WHERE replica = ?1");
// What belongs to one that is no member any more is free too: he may have taken it while he was
// taken out.
const Sql kTake(
    "UPDATE cells SET replica = ?2 WHERE id = ?1 AND (replica IS NULL OR replica NOT IN (SELECT id "
    "FROM replicas)) AND EXISTS (SELECT 1 FROM replicas WHERE id = ?2)");
const Sql kGive("UPDATE cells SET replica = NULL WHERE id = ?1 AND replica = ?2");

struct JoinOp final : store::WriteOp {
  JoinOp(const MembershipOptions& o, ReplicaId i, Time t);
  Result<> apply(store::Connection& db) const {
    CHECK_OK(free_predecessors(db));
    return db.write(kJoin, {id, options.address, now});
  }
  /// This process listens at the address: who had it before is dead, and need not be waited for.
  Result<> free_predecessors(store::Connection& db) const {
    std::vector<ReplicaId> dead;
    CHECK_OK(db.query(kAtAddress, {options.address},
                      [&dead](const store::Row& row) { dead.push_back(row.integer(0)); }));
    for (const ReplicaId each : dead) {
      CHECK_OK(db.write(kLeave, {each}));
      CHECK_OK(db.write(kFree, {each}));
    }
    return {};
  }
  const MembershipOptions& options;
  ReplicaId id;
  Time now;
};

Result<View> read_view(store::Connection& db) {
  View view;
  CHECK_OK(db.query(kReplicas, {}, [&view](const store::Row& row) {
    view.replicas.push_back({row.integer(0), std::string(row.text(1)), row.integer(2)});
  }));
  CHECK_OK(db.query(kCells, {}, [&view](const store::Row& row) {
    view.cells.push_back(row.is_null(1) ? std::nullopt : std::optional(row.integer(1)));
  }));
  for (auto& owner : view.cells) {
    if (owner && view.find(*owner) == nullptr) owner.reset();
  }
  return view;
}

struct BeatOp final : store::WriteOp {
  explicit BeatOp(ReplicaId i);
  Result<> apply(store::Connection& db) {
    TRY(const auto beaten, db.run(kBeatOnce, {id}));
    is_member = beaten == 1;
    TRY(view, read_view(db));
    return {};
  }
  ReplicaId id;
  bool is_member = false;
  View view;
};

struct TakeOutOp final : store::WriteOp {
  explicit TakeOutOp(const Replica& r);
  Result<> apply(store::Connection& db) {
    TRY(const auto deleted, db.run(kTakeOut, {replica.id, replica.beat}));
    is_out = deleted == 1;
    if (is_out) CHECK_OK(db.write(kFree, {replica.id}));
    return {};
  }
  const Replica& replica;
  bool is_out = false;
};

struct LeaveOp final : store::WriteOp {
  explicit LeaveOp(ReplicaId i);
  Result<> apply(store::Connection& db) const {
    CHECK_OK(db.write(kLeave, {id}));
    return db.write(kFree, {id});
  }
  ReplicaId id;
};

struct CellOp final : store::WriteOp {
  CellOp(const Sql& s, std::size_t c, ReplicaId i);
  Result<> apply(store::Connection& db) {
    TRY(const auto count, db.run(statement, {static_cast<std::int64_t>(cell), id}));
    is_done = count == 1;
    return {};
  }
  const Sql& statement;
  std::size_t cell;
  ReplicaId id;
  bool is_done = false;
};

constexpr store::WriteKind kJoinKind{"join", 1, store::apply_each<JoinOp>};
constexpr store::WriteKind kBeatKind{"beat", 2, store::apply_each<BeatOp>};
constexpr store::WriteKind kTakeOutKind{"take_out", 3, store::apply_each<TakeOutOp>};
constexpr store::WriteKind kLeaveKind{"leave", 4, store::apply_each<LeaveOp>};
constexpr store::WriteKind kCellKind{"cell", 5, store::apply_each<CellOp>};
JoinOp::JoinOp(const MembershipOptions& o, ReplicaId i, Time t)
    : WriteOp(kJoinKind), options(o), id(i), now(t) {}
BeatOp::BeatOp(ReplicaId i) : WriteOp(kBeatKind), id(i) {}
TakeOutOp::TakeOutOp(const Replica& r) : WriteOp(kTakeOutKind), replica(r) {}
LeaveOp::LeaveOp(ReplicaId i) : WriteOp(kLeaveKind), id(i) {}
CellOp::CellOp(const Sql& s, std::size_t c, ReplicaId i)
    : WriteOp(kCellKind), statement(s), cell(c), id(i) {}

ReplicaId random_id() {
  std::array<std::uint8_t, 8> bytes;
  fill_random(bytes);
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return static_cast<ReplicaId>(number >> 1);
}

}  // namespace

Result<std::unique_ptr<Membership>> Membership::join(store::Database& shared,
                                                     MembershipOptions options, Time now) {
  CHECK_OK(divide(shared, options.cells));
  std::unique_ptr<Membership> membership(new Membership(shared, std::move(options), random_id()));
  JoinOp op(membership->options_, membership->me_, now);
  CHECK_OK(shared.commit_now(op));
  CHECK_OK(membership->beat());
  return membership;
}

Result<> Membership::beat() {
  const SteadyTime begun = boot_time();
  beaten_at_ = begun;
  BeatOp op(me_);
  CHECK_OK(shared_.commit_now(op));
  if (!op.is_member) {
    lease_end_ = SteadyTime{};
    return fail(ErrorCode::kConflict, "the other replicas have taken this one for dead");
  }
  lease_end_ = begun + options_.lease - kLeaseMargin;
  publish(std::move(op.view));
  return take_out_the_dead(boot_time());
}

Result<> Membership::look() {
  Result<View> seen;
  CHECK_OK(shared_.read_now([&seen](store::Connection& db) { seen = read_view(db); }));
  if (!seen) return std::unexpected(std::move(seen).error());
  publish(*std::move(seen));
  return {};
}

Result<> Membership::take_out_the_dead(SteadyTime now) {
  watch_.see(*view(), now);
  bool any = false;
  for (const Replica& dead : watch_.over(now)) {
    if (dead.id == me_) continue;
    TakeOutOp op(dead);
    CHECK_OK(shared_.commit_now(op));
    if (!op.is_out) continue;
    any = true;
    log::warn("a replica does not beat any more: its cells are free", {{"address", dead.address}});
  }
  if (!any) return {};
  BeatOp op(me_);
  CHECK_OK(shared_.commit_now(op));
  publish(std::move(op.view));
  return {};
}

SteadyTime Membership::next_beat() const {
  const SteadyTime beat = beaten_at_ + kBeat;
  const auto end = watch_.next_end();
  // Not at once where one's own beat failed.
  return end ? std::max(beaten_at_ + kBeat / 10, std::min(beat, *end)) : beat;
}

std::shared_ptr<const View> Membership::view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void Membership::publish(View view) {
  auto fresh = std::make_shared<const View>(std::move(view));
  const std::lock_guard lock(view_mutex_);
  view_ = std::move(fresh);
}

Result<bool> Membership::take(std::size_t cell) {
  CellOp op(kTake, cell, me_);
  CHECK_OK(shared_.commit_now(op));
  if (op.is_done) {
    View changed = *view();
    changed.cells.at(cell) = me_;
    publish(std::move(changed));
  }
  return op.is_done;
}

Result<> Membership::give(std::size_t cell) {
  CellOp op(kGive, cell, me_);
  CHECK_OK(shared_.commit_now(op));
  View changed = *view();
  changed.cells.at(cell).reset();
  publish(std::move(changed));
  return {};
}

Result<> Membership::leave() {
  lease_end_ = SteadyTime{};
  LeaveOp op(me_);
  return shared_.commit_now(op);
}

}  // namespace flowsell::cluster
