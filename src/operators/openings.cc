#include "operators/openings.h"

#include <utility>

#include "json/writer.h"
#include "store/change.h"

// Literals, for Sql.
#define OPENING_SELECT                                                               \
  "SELECT id, workspace_id, operator_id, category, reason, ticket, created_at FROM " \
  "support_openings "
#define OPENING_PAGE OPENING_SELECT "WHERE id < ?1 AND id > ?2 "
#define OPENING_PAGE_OF OPENING_SELECT "WHERE operator_id = ?4 AND id < ?1 AND id > ?2 "

namespace flowsell::operators {
namespace {

using store::Sql;
using OpeningPage = Page<Opening, SupportSessionId>;

constexpr store::WriteKind kKind{"support_opening", 8, store::apply_each<store::Change>};

const Sql kInsert(
    "INSERT INTO support_openings (id, workspace_id, operator_id, category, reason, ticket, "
    "created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING");
const Sql kFind(OPENING_SELECT "WHERE id = ?1");
const Sql kDown(OPENING_PAGE "ORDER BY id DESC LIMIT ?3");
const Sql kUp(OPENING_PAGE "ORDER BY id ASC LIMIT ?3");
const Sql kDownOf(OPENING_PAGE_OF "ORDER BY id DESC LIMIT ?3");
const Sql kUpOf(OPENING_PAGE_OF "ORDER BY id ASC LIMIT ?3");

Opening opening_of(const store::Row& row) {
  return {row.id<SupportSessionId>(0),
          row.id<WorkspaceId>(1),
          row.id<UserId>(2),
          static_cast<team::SupportCategory>(row.integer(3)),
          std::string(row.text(4)),
          std::string(row.text(5)),
          row.time(6)};
}

Result<OpeningPage> read_page(store::Connection& db, const Openings::Query& query) {
  OpeningPage page;
  page.upwards = query.before && !query.after;
  const auto range = IdRange<SupportSessionId>::of(query.after, query.before);
  const auto limit = static_cast<std::int64_t>(query.limit + 1);
  const auto each = [&page](const store::Row& row) { page.rows.push_back(opening_of(row)); };
  if (query.user) {
    CHECK_OK(db.query(page.upwards ? kUpOf : kDownOf,
                      {range.below, range.above, limit, *query.user}, each));
  } else {
    CHECK_OK(db.query(page.upwards ? kUp : kDown, {range.below, range.above, limit}, each));
  }
  page.cut(query.limit, &Opening::id);
  return page;
}

std::string json_of(const Opening& opening) {
  json::Writer out;
  out.begin_object().key("workspace_id").string(opening.workspace.str());
  out.key("category").string(team::category_name(opening.category)).end_object();
  return std::move(out).take();
}

std::string words_of(const Opening& opening) {
  json::Writer out;
  out.begin_object().key("reason").string(opening.reason);
  out.optional_string("ticket", opening.ticket).end_object();
  return std::move(out).take();
}

}  // namespace

Openings::Openings(store::Database& db, IdSource& ids, const Clock& clock)
    : db_(db), ids_(ids), clock_(clock) {}

Task<bool> Openings::note(By by, Opening opening) {
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto inserted, db.run(kInsert, {opening.id, opening.workspace, opening.user,
                                              static_cast<int>(opening.category), opening.reason,
                                              opening.ticket, opening.created_at}));
    if (inserted == 0) return false;
    auto act = operator_act(ids_, clock_.now(), by, "support_session.opened", opening.id.str());
    act.after = json_of(opening);
    act.personal = words_of(opening);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  co_return co_await store::change(db_, kKind, std::move(body));
}

Task<> Openings::note_end(By by, SupportSessionId id) {
  auto body = [&](store::Connection& db) -> Result<> {
    return audit::append(db,
                         operator_act(ids_, clock_.now(), by, "support_session.ended", id.str()));
  };
  co_return co_await store::change(db_, kKind, std::move(body));
}

Task<std::optional<Opening>> Openings::find(SupportSessionId id) const {
  auto read = [id](store::Connection& db) -> Result<std::optional<Opening>> {
    std::optional<Opening> found;
    CHECK_OK(db.query(kFind, {id}, [&found](const store::Row& row) { found = opening_of(row); }));
    return found;
  };
  co_return co_await db_.read(std::move(read));
}

Task<OpeningPage> Openings::list(Query query) const {
  co_return co_await db_.read([query](store::Connection& db) { return read_page(db, query); });
}

}  // namespace flowsell::operators
