#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit_log.h"
#include "privacy/export.h"
#include "privacy/inventory.h"
#include "store/database.h"

/// The pieces that exports are made of.
namespace flowsell::privacy {

/// One piece, read in steps of a snapshot each.
struct Section {
  store::Database* db;
  /// Appends some lines to `out`, from `at` on (empty: the first). Then `at` is where the next step
  /// goes on; empty: there is no more.
  std::function<Result<>(store::Connection&, std::string& at, std::string& out)> read;
};

/// Steps until a part is full. Whatever the steps find, there is an end to them: a part may be
/// empty. What the sections hold outlives it.
Task<ExportPart> read_part(std::vector<Section> sections, ExportCursor from, std::string head);

/// A line around a JSON value.
void append_line(std::string& out, std::string_view type, std::string_view json);

/// All rows of a table whose `column` is that id; with `workspace` those in it only. For tables of
/// which nobody has many rows.
Section whole_table(store::Database& db, const HeldTable& table, std::string_view column,
                    std::string id_blob, std::optional<WorkspaceId> workspace = std::nullopt);
/// A workspace's rows of a table that has ids, by them.
Section table_by_id(store::Database& db, const HeldTable& table, WorkspaceId workspace);
/// The events of a chain that match, newest first.
Section audit_events(store::Database& db, audit::Query query);

/// What an event is about.
struct RecordRow {
  std::string_view actor_id, target;
  std::string_view personal;  ///< JSON, or empty
};
/// The events of a chain that `is_wanted` says, oldest first. Where they came from is shown only of
/// those that `user` did himself: of others it is theirs.
Section events_that(store::Database& db, std::string scope, std::string user,
                    std::function<bool(const RecordRow&)> is_wanted);

}  // namespace flowsell::privacy
