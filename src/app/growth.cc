#include "growth.h"

#include <algorithm>

#include "messaging/schema.h"
#include "metering/idempotency.h"
#include "outbox/job_table.h"
#include "telemetry/log.h"
#include "webhook/schema.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

// Ids are of now, but for those of messages that come in: theirs have the provider's time, and a
// provider repeats what it could not deliver for a week.
constexpr days kBehind{8};
/// The next month is always there, however seldom a round succeeds.
constexpr days kAhead{31};
/// Older than any message: what says otherwise is wrong.
const Time kFirst = *parse_time("2020-01-01T00:00:00Z");

// A step takes some milliseconds of the one writer; the pause leaves most of its time to others.
constexpr int kStepsMax = 2000;  ///< of a table, in a round
constexpr auto kPause = 20ms;

/// A delivery's event, and the message of that, are older than the delivery: by the ttl of the
/// message (a day at most) and the time that its last attempt took.
constexpr days kBeforeItsJob{2};

struct MakePartitionsOp final : store::WriteOp {
  explicit MakePartitionsOp(Time t);
  Result<> apply(store::Connection& db) {
    stray = 0;
    CHECK_OK(metering::Idempotency::make_partitions(db, now));
    for (const store::GrowingTable* table : growing_tables()) {
      CHECK_OK(table->make_partitions(db, now - kBehind, now + kAhead));
      TRY(const auto left, table->adopt_rows(db, now + kAhead));
      stray += left;
    }
    return {};
  }
  Time now;
  std::int64_t stray = 0;  ///< result: rows that are in a default partition and are too many
};
// The last ones of a transaction: what they lock is locked until its end.
constexpr store::WriteKind kMakePartitionsKind{"partitions", 92,
                                               store::apply_each<MakePartitionsOp>};
MakePartitionsOp::MakePartitionsOp(Time t) : WriteOp(kMakePartitionsKind), now(t) {}

/// Partitions of a span of times in one table.
struct MakeSpanOp final : store::WriteOp {
  MakeSpanOp(const store::GrowingTable& t, store::GrowingTable::Span s);
  Result<> apply(store::Connection& db) const {
    return table.make_partitions(db, span.first, span.last);
  }
  const store::GrowingTable& table;
  store::GrowingTable::Span span;
};
constexpr store::WriteKind kMakeSpanKind{"copy_partitions", 1, store::apply_each<MakeSpanOp>};
MakeSpanOp::MakeSpanOp(const store::GrowingTable& t, store::GrowingTable::Span s)
    : WriteOp(kMakeSpanKind), table(t), span(s) {}

/// A step of removing what is older than `until`.
struct TrimOp final : store::WriteOp {
  TrimOp(const store::GrowingTable& t, Time u, Time n);
  Result<> apply(store::Connection& db) {
    TRY(const IdBytes below, first_kept(db, until));
    TRY(trimmed, table.trim(db, below, behind));
    for (const auto& [workspace, rows] : trimmed.of)
      CHECK_OK(team::count_removed(db, workspace, removed_kind(table), rows, now));
    return {};
  }
  const store::GrowingTable& table;
  Time until, now;
  WorkspaceId behind;                    ///< where the last step ended
  store::GrowingTable::Trimmed trimmed;  ///< result
};
constexpr store::WriteKind kTrimKind{"retention", 93, store::apply_each<TrimOp>};
TrimOp::TrimOp(const store::GrowingTable& t, Time u, Time n)
    : WriteOp(kTrimKind), table(t), until(u), now(n) {}

Result<std::optional<store::GrowingTable::Span>> span_of(store::Database& database,
                                                         const store::GrowingTable& table) {
  Result<std::optional<store::GrowingTable::Span>> span;
  CHECK_OK(database.read_now([&](store::Connection& db) { span = table.span(db); }));
  return span;
}

}  // namespace

Result<IdBytes> first_kept(store::Connection& db, Time until) {
  TRY(const auto oldest, outbox::oldest_job(db));
  if (oldest) until = std::min(until, MessageId(*oldest).time() - kBeforeItsJob);
  return lowest_id_bytes(std::max(until, Time{}));
}

std::vector<const store::GrowingTable*> growing_tables() {
  std::vector<const store::GrowingTable*> all;
  for (const auto room : {messaging::growing_tables(), webhook::growing_tables()})
    all.insert(all.end(), room.begin(), room.end());
  return all;
}

team::Removed removed_kind(const store::GrowingTable& table) {
  for (const auto kind : {team::Removed::kMessages, team::Removed::kEvents}) {
    if (team::removed_name(kind) == table.name()) return kind;
  }
  return team::Removed::kDeliveries;
}

Growth::Growth(store::Database& db, days retention, metrics::Registry& metrics)
    : db_(db),
      retention_(retention),
      removed_(metrics),
      dropped_(metrics.counter("connect_retention_partitions_dropped_total",
                               "Months that retention dropped whole.")) {}

Result<> Growth::prepare(Time now) {
  MakePartitionsOp make(now);
  return db_.commit_now(make);
}

Awaitable<void> Growth::make_partitions(Time now) {
  MakePartitionsOp make(now);
  if (!co_await db_.commit(make)) {
    log::warn("partitions could not be made; it is tried again", {});
  } else if (make.stray > 0) {
    log::error("rows are in a default partition, too many to be moved beside the traffic",
               {{"rows", make.stray}, {"see", "docs/operations/scaling.md"}});
  }
}

Awaitable<void> Growth::round(Time now, const std::atomic<bool>& stopping) {
  co_await make_partitions(now);
  if (retention_ == days(0)) co_return;
  // Once a day: to look for nothing costs a look at every workspace.
  const Time until = std::chrono::floor<days>(now - retention_);
  if (until <= trimmed_until_) co_return;
  bool all = true;
  for (const store::GrowingTable* table : growing_tables())
    all = co_await trim(*table, until, now, stopping) && all;
  if (all) trimmed_until_ = until;
}

/// True when nothing is left to do.
Awaitable<bool> Growth::trim(const store::GrowingTable& table, Time until, Time now,
                             const std::atomic<bool>& stopping) {
  net::steady_timer pause(co_await net::this_coro::executor);
  TrimOp op(table, until, now);
  std::int64_t rows = 0, partitions = 0;
  bool more = true;
  for (int i = 0; i < kStepsMax && more && !stopping; ++i) {
    if (!co_await db_.commit(op)) {
      log::warn("old rows could not be removed; it is tried again", {{"table", table.name()}});
      break;
    }
    op.behind = op.trimmed.behind;
    rows += op.trimmed.rows;
    partitions += op.trimmed.partitions;
    removed_.add(removed_kind(table), op.trimmed.rows);
    dropped_.add(static_cast<std::uint64_t>(op.trimmed.partitions));
    more = op.trimmed.more;
    if (!more) break;
    pause.expires_after(kPause);
    co_await pause.async_wait(use_result);
  }
  if (rows + partitions > 0) {
    log::info("what is older than the retention was removed",
              {{"table", table.name()}, {"rows", rows}, {"partitions", partitions}});
  }
  co_return !more && !op.trimmed.waits;
}

Result<> prepare_copy(store::Database& from, store::Database& to, Time now) {
  for (const store::GrowingTable* table : growing_tables()) {
    TRY(const auto span, span_of(from, *table));
    if (!span) continue;
    MakeSpanOp make(*table, {std::clamp(span->first, kFirst, now + kAhead),
                             std::clamp(span->last, kFirst, now + kAhead)});
    CHECK_OK(to.commit_now(make));
  }
  return {};
}

}  // namespace flowsell::app
