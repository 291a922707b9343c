#include "audit/export.h"

#include <algorithm>

#include "record.h"

namespace flowsell::audit {
namespace {

using store::Param;
using store::Sql;

/// So many events are in memory beside the lines.
constexpr std::size_t kRowsAtOnce = 100;

const Sql kBehind("SELECT " FLOWSELL_AUDIT_COLUMNS_AND(
    ", o.salt, o.data, p.salt, p.data") "LEFT JOIN audit_personal o ON o.scope = e.scope AND o.seq "
                                        "= e.seq AND o.part = 1 "
                                        "LEFT JOIN audit_personal p ON p.scope = e.scope AND p.seq "
                                        "= e.seq AND p.part = 2 "
                                        "WHERE e.scope = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT "
                                        "?3");

Kept kept_of(const store::Row& row, std::string_view commitment, int salt) {
  return {commitment, row.text(salt), row.text(salt + 1), !row.is_null(salt)};
}

Record record_of(std::string_view scope, const store::Row& row) {
  const EventColumns columns = EventColumns::of(scope, row);
  return {.columns = columns,
          .origin = kept_of(row, columns.origin_commitment, kColumnsEnd),
          .personal = kept_of(row, columns.personal_commitment, kColumnsEnd + 2),
          .hash = row.text(kHashColumn)};
}

}  // namespace

Result<ExportPart> export_part(store::Connection& db, std::string_view scope, std::int64_t behind,
                               ExportLimits limits) {
  ExportPart part{.last = behind};
  std::size_t events = 0;
  for (bool is_last = false; !is_last && !part.more;) {
    // One more than what fits, to know whether there is any.
    const std::size_t wanted = std::min(kRowsAtOnce, limits.events - events + 1);
    std::size_t rows = 0;
    CHECK_OK(db.query(kBehind, {Param::blob(scope), part.last, static_cast<std::int64_t>(wanted)},
                      [&](const store::Row& row) {
                        ++rows;
                        if (part.more) return;
                        const std::string line = export_line(record_of(scope, row));
                        part.more = events >= limits.events ||
                                    (events > 0 && part.lines.size() + line.size() > limits.bytes);
                        if (part.more) return;
                        part.lines += line;
                        part.last = row.integer(0);
                        ++events;
                      }));
    is_last = rows < wanted;
  }
  return part;
}

}  // namespace flowsell::audit
