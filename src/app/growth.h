#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "removed_counters.h"
#include "runtime/task.h"
#include "store/database.h"
#include "store/growing_table.h"

namespace flowsell::app {

/// The tables of all rooms that grow for ever.
std::vector<const store::GrowingTable*> growing_tables();

/// Nothing goes that a job needs: its own row, its event, the message of that. The lowest id that
/// stays where what is older than `until` goes.
Result<IdBytes> first_kept(store::Connection& db, Time until);

/// What rows of such a table are called where it is told that they were removed.
team::Removed removed_kind(const store::GrowingTable& table);

/// The tables that grow for ever, of one database. On PostgreSQL their partitions are made before
/// anything is written to them; what is older than the retention is removed.
class Growth {
 public:
  /// `retention`: 0 days keep all.
  Growth(store::Database& db, std::chrono::days retention, metrics::Registry& metrics);

  /// Before the first write of a start. Blocking.
  Result<> prepare(Time now);
  /// A part of Maintenance's round. Ends early when `stopping` becomes true.
  Awaitable<void> round(Time now, const std::atomic<bool>& stopping);

 private:
  Awaitable<void> make_partitions(Time now);
  Awaitable<bool> trim(const store::GrowingTable& table, Time until, Time now,
                       const std::atomic<bool>& stopping);

  store::Database& db_;
  const std::chrono::days retention_;
  RemovedCounters removed_;
  metrics::Counter& dropped_;
  Time trimmed_until_{};  ///< all that is older was removed
};

/// Before a copy into an empty PostgreSQL database: makes partitions for what `from` has, so that
/// no row need be moved later. Blocking.
Result<> prepare_copy(store::Database& from, store::Database& to, Time now);

}  // namespace flowsell::app
