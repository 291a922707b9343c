#include "request_table.h"

#include "core/encoding.h"

namespace flowsell::privacy {
namespace {

using store::Param;
using store::Sql;

#define REQUEST_COLUMNS                                                                          \
  "id, kind, subject, state, step, user_id, workspace_id, contact, contact_hash, requested_by, " \
  "reason, created_at, due_at, runs_after, download_until, finished_at, certificate"
const Sql kInsert("INSERT INTO data_requests (" REQUEST_COLUMNS
                  ", token_hash, sent_to) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
                  "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) ON CONFLICT DO NOTHING");
const Sql kFind("SELECT " REQUEST_COLUMNS " FROM data_requests WHERE id = ?1");
const Sql kFindByToken("SELECT " REQUEST_COLUMNS
                       " FROM data_requests WHERE id = ?1 AND token_hash = ?2");
const Sql kLinkAddress("SELECT sent_to FROM data_requests WHERE id = ?1");
const Sql kReplaceLink(
    "UPDATE data_requests SET token_hash = ?2, sent_to = ?3 WHERE id = ?1 AND sent_to = ?4 AND "
    "state < 5");
const Sql kSettleLink(
    "UPDATE data_requests SET token_hash = CASE WHEN sent_to = ?2 THEN token_hash ELSE ?3 END, "
    "sent_to = NULL WHERE id = ?1 AND sent_to IS NOT NULL");
const Sql kLinked("SELECT " REQUEST_COLUMNS
                  ", sent_to, (SELECT email FROM users WHERE id = user_id) FROM data_requests "
                  "WHERE state < 5 AND sent_to IS NOT NULL");
#define SAME "subject = ?1 AND user_id = ?2 AND workspace_id = ?3 AND contact_hash = ?4"
#define LIKE "kind = 2 AND " SAME
const Sql kOpenLike("SELECT id FROM data_requests WHERE state < 6 AND " LIKE);
const Sql kRefusedLike("SELECT 1 FROM data_requests WHERE state = 7 AND " LIKE " LIMIT 1");
#undef LIKE
// A hold on a workspace holds what is in it.
const Sql kOpenUnder("SELECT " REQUEST_COLUMNS
                     " FROM data_requests WHERE state < 6 AND kind = 2 AND ((" SAME
                     ") OR (?1 = 3 AND subject = 2 AND workspace_id = ?3)) ORDER BY id");
#undef SAME
// Few enough in all for a look at each.
#define REQUEST_PAGE(order)                                                                       \
  "SELECT " REQUEST_COLUMNS                                                                       \
  " FROM data_requests WHERE id < ?1 AND id > ?2 AND (user_id = ?3 OR requested_by = ?4 OR ?4 = " \
  "'') AND (workspace_id = ?5 OR length(?5) = 0) AND (state = ?6 OR ?6 = 0) AND (?7 = 0 OR "      \
  "(state < 6 AND due_at < ?7)) ORDER BY id " order " LIMIT ?8"
const Sql kPageDown(REQUEST_PAGE("DESC"));
const Sql kPageUp(REQUEST_PAGE("ASC"));
#undef REQUEST_PAGE
const Sql kDue("SELECT " REQUEST_COLUMNS
               " FROM data_requests WHERE kind = 2 AND (state = 5 OR (state IN (4, ?2) AND "
               "runs_after <= ?1)) ORDER BY id");
#undef REQUEST_COLUMNS
const Sql kCount(
    "SELECT COUNT(*), COALESCE(SUM(CASE WHEN due_at < ?1 THEN 1 ELSE 0 END), 0) FROM data_requests "
    "WHERE state < 6");
const Sql kCountOfAsker(
    "SELECT COALESCE(SUM(CASE WHEN state < 6 THEN 1 ELSE 0 END), 0), "
    "COALESCE(SUM(CASE WHEN created_at > ?2 THEN 1 ELSE 0 END), 0) FROM data_requests "
    "WHERE requested_by = ?1");
const Sql kMove(
    "UPDATE data_requests SET state = ?3, step = ?4, reason = ?5, finished_at = ?6 "
    "WHERE id = ?1 AND (?2 >> CAST(state AS INTEGER)) & 1 = 1");
const Sql kPass("UPDATE data_requests SET step = ?3 WHERE id = ?1 AND state = 5 AND step = ?2");
const Sql kFinish(
    "UPDATE data_requests SET state = 6, finished_at = ?2, certificate = ?3 WHERE id = ?1 AND "
    "state "
    "= 5");
const Sql kForget(
    "UPDATE data_requests SET contact = '', contact_hash = ?3 WHERE workspace_id = ?1 AND "
    "contact_hash = ?2");
#define STALE                                                                         \
  "((state = 6 AND download_until <= ?1) OR (state IN (7, 8) AND due_at <= ?1)) AND " \
  "length(contact_hash) > 0"
const Sql kStale("SELECT COUNT(*) FROM data_requests WHERE " STALE);
const Sql kForgetStale("UPDATE data_requests SET contact = '', contact_hash = ?2 WHERE " STALE);
#undef STALE
const Sql kPutPart(
    "INSERT INTO data_request_parts (request_id, step, cell, done_at) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (request_id, step, cell) DO NOTHING");
const Sql kDropParts("DELETE FROM data_request_parts WHERE request_id = ?1");
const Sql kParts("SELECT cell FROM data_request_parts WHERE request_id = ?1 AND step = ?2");

DataRequest request_of(const store::Row& row) {
  DataRequest r;
  r.id = row.id<DataRequestId>(0);
  r.kind = static_cast<Kind>(row.integer(1));
  r.subject = static_cast<Subject>(row.integer(2));
  r.state = static_cast<State>(row.integer(3));
  r.step = static_cast<Step>(row.integer(4));
  r.user = row.id<UserId>(5);
  r.workspace = row.id<WorkspaceId>(6);
  r.recipient = row.text(7);
  r.contact_hash = row.text(8);
  r.requested_by = row.text(9);
  r.reason = row.text(10);
  r.created_at = row.time(11);
  r.due_at = row.time(12);
  r.runs_after = row.optional_time(13);
  r.download_until = row.optional_time(14);
  r.finished_at = row.optional_time(15);
  r.certificate = row.text(16);
  return r;
}

Result<std::optional<DataRequest>> find_one(store::Connection& db, const Sql& sql,
                                            store::Params params) {
  std::optional<DataRequest> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = request_of(row); }));
  return found;
}

}  // namespace

Result<bool> insert_request(store::Connection& db, const DataRequest& r, const LinkMarks& link) {
  TRY(const auto inserted,
      db.run(kInsert,
             {r.id, static_cast<int>(r.kind), static_cast<int>(r.subject),
              static_cast<int>(r.state), static_cast<int>(r.step), id_or_empty(r.user),
              id_or_empty(r.workspace), r.recipient, Param::blob(r.contact_hash), r.requested_by,
              r.reason, r.created_at, r.due_at, r.runs_after, r.download_until, r.finished_at,
              r.certificate, Param::blob(link.token), Param::blob_or_null(link.address)}));
  return inserted == 1;
}

Result<std::optional<DataRequest>> find_request(store::Connection& db, const DataRequestId& id) {
  return find_one(db, kFind, {id});
}

Result<std::optional<DataRequest>> find_request_by_token(store::Connection& db,
                                                         const DataRequestId& id,
                                                         const crypto::Digest& token) {
  return find_one(db, kFindByToken, {id, Param::blob(as_text(token))});
}

Result<std::string> link_address(store::Connection& db, const DataRequestId& id) {
  std::string found;
  CHECK_OK(db.query(kLinkAddress, {id}, [&found](const store::Row& row) {
    if (!row.is_null(0)) found = row.text(0);
  }));
  return found;
}

Result<bool> replace_link(store::Connection& db, const DataRequestId& id, const LinkMarks& link,
                          std::string_view before) {
  TRY(const auto replaced, db.run(kReplaceLink, {id, Param::blob(link.token),
                                                 Param::blob(link.address), Param::blob(before)}));
  return replaced == 1;
}

Result<> settle_link(store::Connection& db, const DataRequestId& id, std::string_view address) {
  return db.write(kSettleLink, {id, Param::blob(address), Param::blob("")});
}

Result<std::vector<LinkedRequest>> linked_requests(store::Connection& db) {
  std::vector<LinkedRequest> all;
  CHECK_OK(db.query(kLinked, {}, [&all](const store::Row& row) {
    if (!row.is_null(18))
      all.push_back({request_of(row), std::string(row.text(17)), std::string(row.text(18))});
  }));
  return all;
}

Result<std::optional<DataRequestId>> find_open_deletion(store::Connection& db,
                                                        const DataRequest& like) {
  std::optional<DataRequestId> found;
  CHECK_OK(db.query(kOpenLike, store::Params(subject_of(like)),
                    [&found](const store::Row& row) { found = row.id<DataRequestId>(0); }));
  return found;
}

Result<bool> was_refused(store::Connection& db, const DataRequest& like) {
  bool was = false;
  CHECK_OK(db.query(kRefusedLike, store::Params(subject_of(like)),
                    [&was](const store::Row&) { was = true; }));
  return was;
}

Result<std::vector<DataRequest>> open_deletions_under(store::Connection& db,
                                                      const LegalHold& hold) {
  std::vector<DataRequest> open;
  CHECK_OK(db.query(kOpenUnder, store::Params(subject_of(hold)),
                    [&open](const store::Row& row) { open.push_back(request_of(row)); }));
  return open;
}

Result<AskerCounts> count_of_asker(store::Connection& db, const std::string& asker, Time since) {
  AskerCounts counts;
  CHECK_OK(db.query(kCountOfAsker, {asker, since}, [&counts](const store::Row& row) {
    counts = {row.integer(0), row.integer(1)};
  }));
  return counts;
}

Result<RequestPage> list_requests(store::Connection& db, const RequestQuery& query, Time now) {
  RequestPage page;
  page.upwards = query.before && !query.after;
  const auto range = IdRange<DataRequestId>::of(query.after, query.before);
  const std::string by = query.of_user.is_none() ? std::string() : query.of_user.str();
  CHECK_OK(db.query(page.upwards ? kPageUp : kPageDown,
                    {range.below, range.above, id_or_empty(query.of_user), by,
                     id_or_empty(query.workspace), query.state ? static_cast<int>(*query.state) : 0,
                     query.overdue ? to_unix_ms(now) : std::int64_t{0},
                     static_cast<std::int64_t>(query.limit) + 1},
                    [&page](const store::Row& row) { page.rows.push_back(request_of(row)); }));
  page.cut(query.limit, [](const DataRequest& r) { return r.id; });
  return page;
}

Result<std::vector<DataRequest>> due_deletions(store::Connection& db, Time now, bool unreviewed) {
  std::vector<DataRequest> due;
  const State also = unreviewed ? State::kReceived : State::kApproved;
  CHECK_OK(db.query(kDue, {now, static_cast<int>(also)},
                    [&due](const store::Row& row) { due.push_back(request_of(row)); }));
  return due;
}

Result<Counts> count_open(store::Connection& db, Time now) {
  Counts counts;
  CHECK_OK(db.query(kCount, {now}, [&counts](const store::Row& row) {
    counts = {row.integer(0), row.integer(1)};
  }));
  return counts;
}

Result<bool> move_request(store::Connection& db, const DataRequestId& id, const Move& move) {
  TRY(const auto moved,
      db.run(kMove, {id, move.from, static_cast<int>(move.to), static_cast<int>(move.step),
                     move.reason, move.finished_at}));
  return moved == 1;
}

Result<bool> pass_step(store::Connection& db, const DataRequest& request, Step next) {
  TRY(const auto passed,
      db.run(kPass, {request.id, static_cast<int>(request.step), static_cast<int>(next)}));
  return passed == 1;
}

Result<> forget_contact(store::Connection& db, const DataRequest& request) {
  if (request.contact_hash.empty()) return {};
  return db.write(kForget, {request.workspace, Param::blob(request.contact_hash), Param::blob("")});
}

Result<std::int64_t> count_stale_contacts(store::Connection& db, Time now) {
  std::int64_t count = 0;
  CHECK_OK(db.query(kStale, {now}, [&count](const store::Row& row) { count = row.integer(0); }));
  return count;
}

Result<> forget_stale_contacts(store::Connection& db, Time now) {
  return db.write(kForgetStale, {now, Param::blob("")});
}

Result<bool> finish_request(store::Connection& db, const DataRequestId& id, Time now,
                            std::string_view certificate) {
  TRY(const auto finished, db.run(kFinish, {id, now, certificate}));
  return finished == 1;
}

Result<> put_part(store::Connection& db, const DataRequest& request, std::int64_t cell, Time now) {
  return db.write(kPutPart, {request.id, static_cast<int>(request.step), cell, now});
}

Result<> drop_parts(store::Connection& db, const DataRequestId& id) {
  return db.write(kDropParts, {id});
}

Result<std::vector<std::int64_t>> list_parts(store::Connection& db, const DataRequest& request) {
  std::vector<std::int64_t> cells;
  CHECK_OK(db.query(kParts, {request.id, static_cast<int>(request.step)},
                    [&cells](const store::Row& row) { cells.push_back(row.integer(0)); }));
  return cells;
}

}  // namespace flowsell::privacy
