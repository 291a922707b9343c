#pragma once

#include <cstddef>

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

/// Makes a page of the rows that a search of kPageScanMax rows between `above` and `below` found.
/// Where it found too few and there are rows it did not look at, the page goes on behind the last
/// one looked at.
template <class Row, class IdType, class IdOf>
Result<> end_page(Connection& db, Page<Row, IdType>& page, std::size_t limit, IdOf id_of,
                  const ScanEnd& scan_end, const WorkspaceId& workspace, const IdType& below,
                  const IdType& above) {
  page.cut(limit, id_of);
  if (page.has_more) return {};
  return db.query(page.upwards ? scan_end.up : scan_end.down,
                  {workspace, below, above, kPageScanMax - 1}, [&page](const store::Row& row) {
                    page.has_more = true;
                    page.next = row.id<IdType>(0);
                  });
}

}  // namespace flowsell::store
