#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "store/database.h"

namespace flowsell::store {

/// PostgreSQL's functions that make and drop partitions. SQLite has neither.
std::span<const Migration> partition_migrations();
/// Gives what older versions stored in tables without partitions partitions of its own. After the
/// tables of all rooms.
std::span<const Migration> adoption_migrations();

/// A table that grows for ever, with the primary key (workspace_id, id), whose ids begin with their
/// time. On PostgreSQL it is partitioned by the months (UTC) of its ids: `NAME_2026_11`. An id for
/// which there is no month is in `NAME_default`, until adopt_rows(). On SQLite it is one table. See
/// docs/decisions/0018-partitions.md.
///
/// Its functions are called in a transaction. Made at namespace scope, as an Sql is.
class GrowingTable {
 public:
  explicit GrowingTable(std::string_view name);

  const std::string& name() const noexcept { return name_; }

  /// Makes the partitions of the months from `from` to `until` that are not there.
  Result<> make_partitions(Connection& db, Time from, Time until) const;

  /// Gives the rows that are in the default partition, of months until that of `until`, partitions
  /// of their own. Returns how many are left there because they are too many for one transaction.
  Result<std::int64_t> adopt_rows(Connection& db, Time until) const;

  /// One step of removing old rows, of some milliseconds.
  struct Trimmed {
    std::int64_t partitions = 0;
    std::int64_t rows = 0;
    std::vector<std::pair<WorkspaceId, std::int64_t>> of;  ///< rows by workspace, where known
    WorkspaceId behind;                                    ///< where the next step goes on
    bool more = false;                                     ///< there may be more
    bool waits = false;  ///< a partition is in use for too long: to be tried again later
  };
  /// On PostgreSQL drops the oldest partition, where all of its ids are lower than `below`. On
  /// SQLite deletes such rows, from the workspaces behind `behind` on.
  Result<Trimmed> trim(Connection& db, const IdBytes& below, const WorkspaceId& behind) const;

  /// A step of removing one workspace's rows whose ids are lower than `below`, one by one, on both
  /// engines.
  Result<Trimmed> trim_of(Connection& db, const WorkspaceId& workspace, const IdBytes& below) const;

  /// The times of the lowest and the highest id. Reads all of the table.
  struct Span {
    Time first;
    Time last;
  };
  Result<std::optional<Span>> span(Connection& db) const;

 private:
  Result<bool> trim_workspace(Connection& db, const IdBytes& below, Trimmed& out,
                              std::int64_t rows_max) const;
  Result<Trimmed> delete_some(Connection& db, const WorkspaceId& workspace, const IdBytes& below,
                              std::int64_t rows_max) const;

  std::string name_;
  std::string next_text_, bound_text_, delete_text_, delete_stray_text_, span_text_;
  Sql next_, bound_, delete_, delete_stray_, span_;
};

/// A table whose keys begin with a day's number. On PostgreSQL it is partitioned by day:
/// `NAME_20783`; a day for which there is no partition is in `NAME_default`.
class DailyTable {
 public:
  explicit DailyTable(std::string_view name);
  Result<> make_partitions(Connection& db, std::int64_t first_day, std::int64_t last_day) const;
  /// Drops the oldest partition of those before `day`. True: one was dropped.
  Result<bool> drop_partition(Connection& db, std::int64_t day) const;

 private:
  std::string name_;
};

}  // namespace flowsell::store
