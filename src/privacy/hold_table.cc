#include "hold_table.h"

#include "request_table.h"

namespace flowsell::privacy {
namespace {

using store::Param;
using store::Sql;

#define HOLD_COLUMNS \
  "id, subject, user_id, workspace_id, contact, contact_hash, reason, put_by, created_at"
const Sql kInsert("INSERT INTO legal_holds (" HOLD_COLUMNS
                  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING");
#define SAME "(subject = ?1 AND user_id = ?2 AND workspace_id = ?3 AND contact_hash = ?4)"
const Sql kOver("SELECT " HOLD_COLUMNS " FROM legal_holds WHERE " SAME
                " OR (?1 = 2 AND subject = 3 AND workspace_id = ?3) ORDER BY id");
const Sql kDropOf("DELETE FROM legal_holds WHERE " SAME);
#undef SAME
const Sql kFind("SELECT " HOLD_COLUMNS " FROM legal_holds WHERE id = ?1");
const Sql kDelete("DELETE FROM legal_holds WHERE id = ?1");
#define HOLD_PAGE(order)                                  \
  "SELECT " HOLD_COLUMNS                                  \
  " FROM legal_holds WHERE id < ?1 AND id > ?2 ORDER BY " \
  "id " order " LIMIT ?3"
const Sql kPageDown(HOLD_PAGE("DESC"));
const Sql kPageUp(HOLD_PAGE("ASC"));
#undef HOLD_PAGE
#undef HOLD_COLUMNS

LegalHold hold_of(const store::Row& row) {
  LegalHold hold;
  hold.id = row.id<AuditEventId>(0);
  hold.subject = static_cast<Subject>(row.integer(1));
  hold.user = row.id<UserId>(2);
  hold.workspace = row.id<WorkspaceId>(3);
  hold.recipient = row.text(4);
  hold.contact_hash = row.text(5);
  hold.reason = row.text(6);
  hold.put_by = row.text(7);
  hold.created_at = row.time(8);
  return hold;
}

}  // namespace

Result<bool> insert_hold(store::Connection& db, const LegalHold& h) {
  TRY(const auto inserted,
      db.run(kInsert,
             {h.id, static_cast<int>(h.subject), id_or_empty(h.user), id_or_empty(h.workspace),
              h.recipient, Param::blob(h.contact_hash), h.reason, h.put_by, h.created_at}));
  return inserted == 1;
}

Result<std::optional<LegalHold>> hold_over(store::Connection& db, const DataRequest& request) {
  std::optional<LegalHold> found;
  CHECK_OK(db.query(kOver, store::Params(subject_of(request)),
                    [&found](const store::Row& row) { found = hold_of(row); }));
  return found;
}

Result<> drop_hold_of(store::Connection& db, const DataRequest& request) {
  return db.write(kDropOf, store::Params(subject_of(request)));
}

Result<std::optional<LegalHold>> find_hold(store::Connection& db, const AuditEventId& id) {
  std::optional<LegalHold> found;
  CHECK_OK(db.query(kFind, {id}, [&found](const store::Row& row) { found = hold_of(row); }));
  return found;
}

Result<> delete_hold(store::Connection& db, const AuditEventId& id) {
  return db.write(kDelete, {id});
}

Result<HoldPage> list_holds(store::Connection& db, const HoldQuery& query) {
  HoldPage page;
  page.upwards = query.before && !query.after;
  const auto range = IdRange<AuditEventId>::of(query.after, query.before);
  CHECK_OK(db.query(page.upwards ? kPageUp : kPageDown,
                    {range.below, range.above, static_cast<std::int64_t>(query.limit) + 1},
                    [&page](const store::Row& row) { page.rows.push_back(hold_of(row)); }));
  page.cut(query.limit, &LegalHold::id);
  return page;
}

}  // namespace flowsell::privacy
