#pragma once

#include <cstddef>
#include <optional>

#include "core/page.h"
#include "store/database.h"

/// The end of a page's bounded search in a table of workspaces: the last of the ?4 rows that a
/// search of ?1's rows between ?3 and ?2 looks at, when there are more. A literal, for Sql.
#define FLOWSELL_SCAN_END(table, order)               \
  "SELECT id FROM " table                             \
  " WHERE workspace_id = ?1 AND id < ?2 AND id > ?3 " \
  "ORDER BY id " order " LIMIT 1 OFFSET ?4"

namespace flowsell::store {

/// FLOWSELL_SCAN_END of one table, in both orders.
struct ScanEnd {
  const Sql& down;
  const Sql& up;
};

/// The last row that a search of kPageScanMax rows between `above` and `below` looks at; nullopt:
/// it looks at all.
template <class IdType>
Result<std::optional<IdType>> end_of_scan(Connection& db, const ScanEnd& scan_end, bool upwards,
                                          const WorkspaceId& workspace, const IdType& below,
                                          const IdType& above) {
  std::optional<IdType> end;
  CHECK_OK(db.query(upwards ? scan_end.up : scan_end.down,
                    {workspace, below, above, kPageScanMax - 1},
                    [&end](const store::Row& row) { end = row.id<IdType>(0); }));
  return end;
}

/// Makes a page of the rows that a search found. Where it found too few and there are rows behind
/// `end` that it did not look at, the page goes on there.
template <class Row, class IdType, class IdOf>
void end_page(Page<Row, IdType>& page, std::size_t limit, IdOf id_of,
              const std::optional<IdType>& end) {
  page.cut(limit, id_of);
  if (page.has_more || !end) return;
  page.has_more = true;
  page.next = end;
}

/// Both of the above.
template <class Row, class IdType, class IdOf>
Result<> end_page(Connection& db, Page<Row, IdType>& page, std::size_t limit, IdOf id_of,
                  const ScanEnd& scan_end, const WorkspaceId& workspace, const IdType& below,
                  const IdType& above) {
  std::optional<IdType> end;
  if (page.rows.size() <= limit) {
    TRY(end, end_of_scan(db, scan_end, page.upwards, workspace, below, above));
  }
  end_page(page, limit, id_of, end);
  return {};
}

}  // namespace flowsell::store
