#include "export_sections.h"

#include <charconv>
#include <utility>

#include "core/encoding.h"
#include "json/writer.h"
#include "rows.h"

namespace flowsell::privacy {
namespace {

constexpr std::size_t kEventsAtOnce = 1000;
constexpr std::int64_t kRowsAtOnce = 2000;
/// A part is full with so many bytes, or after so many steps that found little.
constexpr std::size_t kPartBytes = std::size_t{1} << 20;
constexpr int kStepsMax = 40;
constexpr std::size_t kPlaceBytesMax = 64;

const store::Sql kRecord(
    "SELECT e.seq, e.id, e.actor_id, e.target, p.data FROM (SELECT scope, seq, id, actor_id, "
    "target FROM audit_events WHERE scope = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3) AS e LEFT JOIN "
    "audit_personal AS p ON p.scope = e.scope AND p.seq = e.seq AND p.part = 2 ORDER BY e.seq");

/// Of a cursor that is not the program's own.
Error no_cursor() {
  return {ErrorCode::kInvalidId, "the cursor is none: use it as the last part's Link has it"};
}

Result<IdBytes> place_of(std::string_view at) {
  IdBytes bytes{};
  if (at.empty()) return bytes;
  const auto decoded = hex_decode(at);
  if (!decoded || decoded->size() != bytes.size()) return std::unexpected(no_cursor());
  std::ranges::copy(*decoded, bytes.begin());
  return bytes;
}

Result<std::int64_t> seq_of(std::string_view at) {
  std::int64_t seq = 0;
  if (at.empty()) return seq;
  const auto end = std::from_chars(at.data(), at.data() + at.size(), seq);
  if (end.ec != std::errc() || end.ptr != at.data() + at.size())
    return std::unexpected(no_cursor());
  return seq;
}

}  // namespace

Result<ExportCursor> ExportCursor::parse(std::string_view text) {
  ExportCursor cursor;
  if (text.empty()) return cursor;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), cursor.section);
  if (end.ec != std::errc()) return std::unexpected(no_cursor());
  const std::string_view rest(end.ptr, text.data() + text.size());
  if (rest.size() > kPlaceBytesMax || (!rest.empty() && !rest.starts_with('.')))
    return std::unexpected(no_cursor());
  cursor.at = rest.empty() ? rest : rest.substr(1);
  return cursor;
}

std::string ExportCursor::text() const {
  return at.empty() ? std::to_string(section) : std::to_string(section) + "." + at;
}

Task<ExportPart> read_part(std::vector<Section> sections, ExportCursor from, std::string head) {
  ExportPart part;
  if (from.is_first()) part.lines = std::move(head);
  if (from.section >= sections.size()) co_return std::unexpected(no_cursor());
  int steps = 0;
  while (from.section < sections.size() && steps < kStepsMax && part.lines.size() < kPartBytes) {
    ++steps;
    const Section& section = sections[from.section];
    auto step = [&](store::Connection& db) { return section.read(db, from.at, part.lines); };
    CO_CHECK_OK(co_await section.db->read(std::move(step)));
    if (from.at.empty()) ++from.section;
  }
  if (from.section < sections.size()) part.next = from.text();
  co_return part;
}

void append_line(std::string& out, std::string_view type, std::string_view json) {
  json::Writer line;
  line.begin_object().key("type").string(type).key("data").raw(json).end_object();
  out.append(line.text()).append("\n");
}

Section whole_table(store::Database& db, const HeldTable& table, std::string_view column,
                    std::string id_blob, std::optional<WorkspaceId> workspace) {
  auto read = [&table, column, id_blob = std::move(id_blob), workspace](
                  store::Connection& connection, std::string& at, std::string& out) -> Result<> {
    at.clear();
    return append_rows(connection, table, column, store::Param::blob(id_blob), out,
                       workspace ? &*workspace : nullptr);
  };
  return {&db, std::move(read)};
}

Section table_by_id(store::Database& db, const HeldTable& table, WorkspaceId workspace) {
  auto read = [&table, workspace](store::Connection& connection, std::string& at,
                                  std::string& out) -> Result<> {
    TRY(IdBytes behind, place_of(at));
    TRY(const auto seen,
        append_rows_by_id(connection, table, workspace, {behind, kRowsAtOnce}, out));
    at = seen.count < kRowsAtOnce ? std::string() : hex_encode(seen.last);
    return {};
  };
  return {&db, std::move(read)};
}

Section audit_events(store::Database& db, audit::Query query) {
  query.limit = kEventsAtOnce;
  auto read = [query = std::move(query)](store::Connection& connection, std::string& at,
                                         std::string& out) -> Result<> {
    audit::Query page_query = query;
    if (!at.empty()) {
      TRY(page_query.after, AuditEventId::parse(at));
    }
    TRY(const auto page, audit::list(connection, page_query));
    for (const audit::Event& event : page.rows)
      append_line(out, "audit_event", audit::render(event));
    at = page.has_more && page.next ? page.next->str() : std::string();
    return {};
  };
  return {&db, std::move(read)};
}

Section events_that(store::Database& db, std::string scope, std::string user,
                    std::function<bool(const RecordRow&)> is_wanted) {
  auto read = [scope = std::move(scope), user = std::move(user), is_wanted = std::move(is_wanted)](
                  store::Connection& connection, std::string& at, std::string& out) -> Result<> {
    TRY(std::int64_t behind, seq_of(at));
    std::int64_t seen = 0;
    std::vector<AuditEventId> ids;
    CHECK_OK(connection.query(
        kRecord, {store::Param::blob(scope), behind, kRowsAtOnce}, [&](const store::Row& row) {
          ++seen;
          behind = row.integer(0);
          const auto personal = row.is_null(4) ? std::string_view() : row.text(4);
          if (is_wanted({row.text(2), row.text(3), personal}))
            ids.push_back(row.id<AuditEventId>(1));
        }));
    for (const AuditEventId& id : ids) {
      TRY(auto event, audit::find(connection, scope, id));
      if (!event) continue;
      if (event->actor.id != user) event->origin = {{}, {}, event->origin.request_id};
      append_line(out, "audit_event", audit::render(*event));
    }
    at = seen < kRowsAtOnce ? std::string() : std::to_string(behind);
    return {};
  };
  return {&db, std::move(read)};
}

}  // namespace flowsell::privacy
