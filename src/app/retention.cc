#include "retention.h"

#include <algorithm>

#include "growth.h"
#include "telemetry/log.h"
#include "webhook/events.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

// A step takes some milliseconds of the one writer; the pause leaves most of its time to others.
constexpr int kStepsMax = 2000;  ///< of a workspace and table, in a round
constexpr auto kPause = 20ms;

/// A step of removing a workspace's old rows.
struct TrimOp final : store::WriteOp {
  TrimOp(const store::GrowingTable& t, const WorkspaceId& w, Time u, Time n);
  Result<> apply(store::Connection& db) {
    TRY(const IdBytes below, first_kept(db, until));
    TRY(trimmed, table.trim_of(db, workspace, below));
    if (trimmed.rows == 0) return {};
    return team::count_removed(db, workspace, removed_kind(table), trimmed.rows, now);
  }
  const store::GrowingTable& table;
  WorkspaceId workspace;
  Time until, now;
  store::GrowingTable::Trimmed trimmed;  ///< result
};
constexpr store::WriteKind kTrimKind{"workspace_retention", 94, store::apply_each<TrimOp>};
TrimOp::TrimOp(const store::GrowingTable& t, const WorkspaceId& w, Time u, Time n)
    : WriteOp(kTrimKind), table(t), workspace(w), until(u), now(n) {}

/// A step of giving what waits a shorter window.
struct ShortenOp final : store::WriteOp {
  ShortenOp(const WorkspaceId& w, std::chrono::hours h, const EventId& b);
  Result<> apply(store::Connection& db) {
    TRY(shortened, webhook::Events::shorten_content(db, workspace, window, behind));
    return {};
  }
  WorkspaceId workspace;
  std::chrono::hours window;
  EventId behind;
  webhook::Events::Shortened shortened;  ///< result
};
constexpr store::WriteKind kShortenKind{"shorten", 89, store::apply_each<ShortenOp>};
ShortenOp::ShortenOp(const WorkspaceId& w, std::chrono::hours h, const EventId& b)
    : WriteOp(kShortenKind), workspace(w), window(h), behind(b) {}

/// Puts the days that are over on record.
struct ReportOp final : store::WriteOp {
  ReportOp(IdSource& i, Time n);
  Result<> apply(store::Connection& db) {
    TRY(more, team::report_removed(db, ids, now));
    return {};
  }
  IdSource& ids;
  Time now;
  bool more = false;  ///< result
};
constexpr store::WriteKind kReportKind{"retention_report", 95, store::apply_each<ReportOp>};
ReportOp::ReportOp(IdSource& i, Time n) : WriteOp(kReportKind), ids(i), now(n) {}

Awaitable<void> pause() {
  net::steady_timer timer(co_await net::this_coro::executor, kPause);
  co_await timer.async_wait(use_result);
}

}  // namespace

Retention::Retention(store::Database& db, const identity::SettingsMemory& settings,
                     team::RetentionLimits limits, IdSource& ids, metrics::Registry& metrics)
    : db_(db), settings_(settings), limits_(limits), ids_(ids), removed_(metrics) {}

/// What somebody has taken back, and sets again, is to be done again.
void Retention::forget_all_but(
    const std::vector<std::pair<WorkspaceId, identity::SettingsPtr>>& kept) {
  std::erase_if(done_, [&kept](const auto& each) {
    return std::ranges::none_of(kept, [&](const auto& one) { return one.first == each.first; });
  });
}

Awaitable<void> Retention::set_ends(Time now, const std::atomic<bool>& stopping) {
  const auto all = settings_.with_windows();
  forget_all_but(all);
  for (const auto& [workspace, settings] : all) {
    Done& done = done_[workspace];
    if (!settings->content_hours) done.content_hours.reset();
    if (stopping || settings->content_hours == done.content_hours) continue;
    const auto window = std::min(limits_.content, std::chrono::hours(*settings->content_hours));
    const bool is_done = co_await shorten(workspace, window, now, stopping);
    if (is_done) done.content_hours = settings->content_hours;
  }
}

Awaitable<void> Retention::remove_rows(Time now, const std::atomic<bool>& stopping) {
  for (const auto& [workspace, settings] : settings_.with_windows()) {
    if (stopping) co_return;
    if (!settings->records_days) continue;
    days window(*settings->records_days);
    if (limits_.records > days(0)) window = std::min(window, limits_.records);
    // Once a day, as what the server itself keeps.
    const Time until = std::chrono::floor<days>(now - window);
    Done& done = done_[workspace];
    if (until <= done.records_until) continue;
    const bool is_done = co_await trim(workspace, until, now, stopping);
    if (is_done) done.records_until = until;
  }
  co_await report(now, stopping);
}

/// True when nothing is left to do.
Awaitable<bool> Retention::trim(WorkspaceId workspace, Time until, Time now,
                                const std::atomic<bool>& stopping) {
  std::int64_t rows = 0;
  bool all = true;
  for (const store::GrowingTable* table : growing_tables()) {
    bool more = true;
    for (int i = 0; i < kStepsMax && more && !stopping; ++i) {
      TrimOp op(*table, workspace, until, now);
      if (!co_await db_.commit(op)) {
        log::warn("a workspace's old rows could not be removed; it is tried again",
                  {{"table", table->name()}});
        break;
      }
      more = op.trimmed.more;
      rows += op.trimmed.rows;
      removed_.add(removed_kind(*table), op.trimmed.rows);
      if (more) co_await pause();
    }
    all = all && !more;
  }
  if (rows > 0) {
    log::info("what is older than a workspace keeps was removed",
              {{"workspace", workspace.str()}, {"rows", rows}});
  }
  co_return all;
}

/// The same. Clean-up destroys it when its time comes.
Awaitable<bool> Retention::shorten(WorkspaceId workspace, std::chrono::hours window, Time now,
                                   const std::atomic<bool>& stopping) {
  // Nothing older has content.
  ShortenOp op(workspace, window, EventId(lowest_id_bytes(now - limits_.content - 1h)));
  bool more = true;
  for (int i = 0; i < kStepsMax && more && !stopping; ++i) {
    if (!co_await db_.commit(op)) break;
    op.behind = op.shortened.behind;
    more = op.shortened.more;
    if (more) co_await pause();
  }
  co_return !more;
}

Awaitable<void> Retention::report(Time now, const std::atomic<bool>& stopping) {
  ReportOp op(ids_, now);
  do {
    if (!co_await db_.commit(op)) {
      log::warn("what retention removed could not be put on record; it is tried again", {});
      co_return;
    }
  } while (op.more && !stopping);
}

}  // namespace flowsell::app
