#include <algorithm>
#include <limits>

#include "audit/audit_log.h"
#include "record.h"

// A page of ?1's events between the places ?2 and ?3. Literals, for Sql. The personal data is
// looked up for the rows that match, not for those that are passed over.
#define FLOWSELL_AUDIT_SELECT \
  "SELECT " FLOWSELL_AUDIT_COLUMNS_AND(", o.data, p.data")                                      \
  "LEFT JOIN audit_personal o ON o.scope = e.scope AND o.seq = e.seq AND o.part = 1 "           \
  "LEFT JOIN audit_personal p ON p.scope = e.scope AND p.seq = e.seq AND p.part = 2 "           \
  "WHERE e.scope = ?1 AND e.seq < ?2 AND e.seq > ?3 AND e.at >= ?4 AND e.at <= ?5 "              \
  "AND (?6 = '' OR e.actor_id = ?6) AND (?7 = '' OR e.target = ?7) AND (?8 = '' OR e.act = ?8)" \
  " AND (?9 = '' OR substr(e.act, 1, length(?9)) = ?9) ORDER BY e.seq "
#define FLOWSELL_AUDIT_SCAN_END \
  "SELECT seq, id FROM audit_events WHERE scope = ?1 AND seq < ?2 AND seq > ?3 ORDER BY seq "

namespace flowsell::audit {
namespace {

using store::Param;
using store::Sql;

constexpr std::size_t kLimitMax = 1000;
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

const Sql kDown(FLOWSELL_AUDIT_SELECT "DESC LIMIT ?10");
const Sql kUp(FLOWSELL_AUDIT_SELECT "ASC LIMIT ?10");
const Sql kScanEndDown(FLOWSELL_AUDIT_SCAN_END "DESC LIMIT 1 OFFSET ?4");
const Sql kScanEndUp(FLOWSELL_AUDIT_SCAN_END "ASC LIMIT 1 OFFSET ?4");
const Sql kPlaceOf("SELECT seq FROM audit_events WHERE scope = ?1 AND id = ?2");

/// Places between which a page's events lie, which are not of it themselves.
struct Places {
  std::int64_t above = kLowest;
  std::int64_t below = kHighest;
};

struct ScanEnd {
  std::int64_t seq = 0;
  AuditEventId id;
};

bool has_filters(const Query& query) {
  return !query.actor_id.empty() || !query.act.empty() || !query.target.empty() || query.from ||
         query.to;
}

Event event_in(const store::Row& row) {
  const auto columns = EventColumns::of({}, row);
  const auto kept = [&row](std::string_view commitment, int data) {
    return Kept{.commitment = commitment, .data = row.text(data), .is_there = !row.is_null(data)};
  };
  return event_of({.columns = columns,
                   .origin = kept(columns.origin_commitment, kColumnsEnd),
                   .personal = kept(columns.personal_commitment, kColumnsEnd + 1),
                   .hash = row.text(kHashColumn)});
}

Result<std::optional<std::int64_t>> place_of(store::Connection& db, std::string_view scope,
                                             const AuditEventId& id) {
  std::optional<std::int64_t> seq;
  CHECK_OK(db.query(kPlaceOf, {Param::blob(scope), id},
                    [&seq](const store::Row& row) { seq = row.integer(0); }));
  return seq;
}

/// Of an event that a page begins behind.
Result<std::int64_t> known_place_of(store::Connection& db, const Query& query,
                                    const AuditEventId& id) {
  TRY(const auto seq, place_of(db, query.scope, id));
  if (!seq) return fail(ErrorCode::kInvalidId, "the list has no event of the id it is to go on at");
  return *seq;
}

Result<Places> places_of(store::Connection& db, const Query& query) {
  Places places;
  if (query.after) {
    TRY(places.below, known_place_of(db, query, *query.after));
  }
  if (query.before) {
    TRY(places.above, known_place_of(db, query, *query.before));
  }
  return places;
}

/// The last event that a page looks at; nullopt: it looks at all.
Result<std::optional<ScanEnd>> end_of_scan(store::Connection& db, const Query& query,
                                           const Places& places, bool upwards) {
  std::optional<ScanEnd> end;
  if (!has_filters(query)) return end;
  CHECK_OK(db.query(upwards ? kScanEndUp : kScanEndDown,
                    {Param::blob(query.scope), places.below, places.above, kPageScanMax - 1},
                    [&end](const store::Row& row) {
                      end = ScanEnd{row.integer(0), AuditEventId::from_blob(row.text(1))};
                    }));
  return end;
}

Result<std::vector<Event>> read_events(store::Connection& db, const Query& query,
                                       const Places& places, bool upwards, std::size_t limit) {
  const bool is_beginning = query.act.ends_with(".*");
  const std::string act = is_beginning ? "" : query.act;
  const std::string beginning =
      is_beginning ? query.act.substr(0, query.act.size() - 1) : std::string();
  std::vector<Event> events;
  CHECK_OK(db.query(upwards ? kUp : kDown,
                    {Param::blob(query.scope), places.below, places.above,
                     query.from ? to_unix_ms(*query.from) : kLowest,
                     query.to ? to_unix_ms(*query.to) - 1 : kHighest, query.actor_id, query.target,
                     act, beginning, static_cast<std::int64_t>(limit)},
                    [&events](const store::Row& row) { events.push_back(event_in(row)); }));
  return events;
}

}  // namespace

Result<EventPage> list(store::Connection& db, const Query& query) {
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kLimitMax);
  TRY(Places places, places_of(db, query));
  EventPage page;
  page.upwards = query.before && !query.after;
  TRY(const auto end, end_of_scan(db, query, places, page.upwards));
  if (end && page.upwards) places.below = end->seq + 1;
  if (end && !page.upwards) places.above = end->seq - 1;
  TRY(page.rows, read_events(db, query, places, page.upwards, limit + 1));
  page.cut(limit, &Event::id);
  if (!page.has_more && end) {
    page.has_more = true;
    page.next = end->id;
  }
  return page;
}

Result<std::optional<Event>> find(store::Connection& db, std::string_view scope,
                                  const AuditEventId& id) {
  TRY(const auto seq, place_of(db, scope, id));
  if (!seq || *seq == kLowest || *seq == kHighest) return std::nullopt;
  TRY(auto events, read_events(db, {.scope = std::string(scope)}, {*seq - 1, *seq + 1}, false, 1));
  if (events.empty()) return std::nullopt;
  return std::move(events.front());
}

}  // namespace flowsell::audit
