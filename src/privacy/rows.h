#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "privacy/inventory.h"
#include "store/database.h"

namespace flowsell::privacy {

/// A column of HeldTable::columns.
struct ColumnForm {
  std::string_view name;
  char sign = ' ';          ///< of HeldTable::columns; ' ': text
  std::string_view prefix;  ///< of an id
  bool is_exported() const noexcept { return sign != '!' && sign != '~'; }
};
std::vector<ColumnForm> columns_of(const HeldTable& table);

/// A statement that is made of names in the inventory: made once, so that drivers may keep it.
const store::Sql& statement(std::string text);

/// Appends the rows of `table` whose `column` is `value`, a line of JSON each: {"type":"sessions",
/// "data":{...}}. With `of`: only those of the workspace.
Result<> append_rows(store::Connection& db, const HeldTable& table, std::string_view column,
                     const store::Param& value, std::string& out, const WorkspaceId* of = nullptr);

/// Which page of a workspace's rows.
struct RowPage {
  IdBytes behind{};  ///< rows with greater ids
  std::int64_t limit = 0;
};
struct RowsSeen {
  std::int64_t count = 0;
  IdBytes last{};
};
/// The same of a table that has ids, a page by them.
Result<RowsSeen> append_rows_by_id(store::Connection& db, const HeldTable& table,
                                   const WorkspaceId& workspace, const RowPage& page,
                                   std::string& out);

/// Deletes the rows of `table` whose `column` is `value`.
Result<> delete_rows(store::Connection& db, const HeldTable& table, std::string_view column,
                     const store::Param& value);
/// Some thousand rows of a workspace, of a table that has ids. False: none are left.
Result<bool> delete_some(store::Connection& db, const HeldTable& table,
                         const store::Param& workspace);

}  // namespace flowsell::privacy
