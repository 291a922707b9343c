#include "session_table.h"

#include <algorithm>

#include "core/encoding.h"

namespace flowsell::onboarding {
namespace {

using store::Param;
using store::Sql;

// Literals, for Sql.
#define SESSION_COLUMNS                                                                   \
  "workspace_id, id, mode, way, label, return_url, allows_coexistence, token_hash, "      \
  "created_by, created_at, expires_at, state, updated_at, opened_at, ended_at, failure, " \
  "provider_code, provider_subcode, provider_trace, account, address, coexists, "         \
  "sealed_grant, granted_until, oauth_hash, connection_id, busy_until, consent, "         \
  "grant_user, granted_at"
const Sql kInsert("INSERT INTO onboarding_sessions (" SESSION_COLUMNS
                  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
                  "?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)");
const Sql kUpdate(
    "UPDATE onboarding_sessions SET state = ?3, updated_at = ?4, opened_at = ?5, ended_at = ?6, "
    "failure = ?7, provider_code = ?8, provider_subcode = ?9, provider_trace = ?10, account = "
    "?11, address = ?12, coexists = ?13, sealed_grant = ?14, granted_until = ?15, oauth_hash = "
    "?16, connection_id = ?17, busy_until = ?18, consent = ?19, grant_user = ?20, granted_at = ?21 "
    "WHERE workspace_id = ?1 AND id = ?2");
const Sql kFind("SELECT " SESSION_COLUMNS
                " FROM onboarding_sessions WHERE workspace_id = ?1 AND id = ?2");
const Sql kByToken("SELECT " SESSION_COLUMNS
                   " FROM onboarding_sessions WHERE token_hash = ?2 AND workspace_id = ?1");
#define SESSION_PAGE(order)                                                                  \
  "SELECT " SESSION_COLUMNS                                                                  \
  " FROM onboarding_sessions WHERE workspace_id = ?1 AND mode = ?2 AND id < ?3 AND id > ?4 " \
  "ORDER BY id " order " LIMIT ?5"
const Sql kPageDown(SESSION_PAGE("DESC"));
const Sql kPageUp(SESSION_PAGE("ASC"));
#undef SESSION_PAGE
const Sql kOpen(
    "SELECT COUNT(*) FROM onboarding_sessions WHERE workspace_id = ?1 AND ended_at IS NULL AND "
    "expires_at > ?2");
const Sql kExpired("SELECT " SESSION_COLUMNS
                   " FROM onboarding_sessions WHERE ended_at IS NULL AND expires_at <= ?1 AND "
                   "(busy_until IS NULL OR busy_until <= ?1) ORDER BY expires_at LIMIT ?2");
const Sql kGrantedBy("SELECT " SESSION_COLUMNS
                     " FROM onboarding_sessions WHERE grant_user = ?2 AND grant_user <> '' AND "
                     "mode = ?1");
#undef SESSION_COLUMNS
const Sql kEnded(
    "SELECT workspace_id, id FROM onboarding_sessions WHERE ended_at < ?1 ORDER BY ended_at LIMIT "
    "?2");
const Sql kDrop("DELETE FROM onboarding_sessions WHERE workspace_id = ?1 AND id = ?2");

Session session_of(const store::Row& row) {
  Session s;
  s.workspace = row.id<WorkspaceId>(0);
  s.id = row.id<OnboardingSessionId>(1);
  s.mode = static_cast<identity::Mode>(row.integer(2));
  s.way = static_cast<Way>(row.integer(3));
  s.label = row.text(4);
  s.return_url = row.text(5);
  s.allows_coexistence = row.integer(6) != 0;
  const auto hash = row.text(7);
  std::copy_n(as_bytes(hash).begin(), std::min(hash.size(), s.token_hash.size()),
              s.token_hash.begin());
  s.created_by = row.text(8);
  s.created_at = row.time(9);
  s.expires_at = row.time(10);
  s.state = static_cast<State>(row.integer(11));
  s.updated_at = row.time(12);
  s.opened_at = row.optional_time(13);
  s.ended_at = row.optional_time(14);
  s.failure = failure_named(row.text(15));
  s.provider_code = row.integer(16);
  s.provider_subcode = row.integer(17);
  s.provider_trace = row.text(18);
  s.account = row.text(19);
  s.address = row.text(20);
  s.coexists = row.integer(21) != 0;
  s.sealed_grant = row.text(22);
  s.granted_until = row.optional_time(23);
  s.oauth_hash = row.text(24);
  s.connection = row.id<ConnectionId>(25);
  s.busy_until = row.optional_time(26);
  s.consent = static_cast<Consent>(row.integer(27));
  s.grant_user = row.text(28);
  s.granted_at = row.optional_time(29);
  return s;
}

std::string_view failure_code(const Session& s) {
  return s.failure ? failure_info(*s.failure).code : std::string_view();
}

Result<std::optional<Session>> find_one(store::Connection& db, const Sql& sql,
                                        store::Params params) {
  std::optional<Session> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = session_of(row); }));
  return found;
}

}  // namespace

Result<> insert_session(store::Connection& db, const Session& s) {
  return db.write(kInsert, {s.workspace,
                            s.id,
                            static_cast<int>(s.mode),
                            static_cast<int>(s.way),
                            s.label,
                            s.return_url,
                            s.allows_coexistence,
                            Param::blob(as_text(s.token_hash)),
                            s.created_by,
                            s.created_at,
                            s.expires_at,
                            static_cast<int>(s.state),
                            s.updated_at,
                            s.opened_at,
                            s.ended_at,
                            failure_code(s),
                            s.provider_code,
                            s.provider_subcode,
                            s.provider_trace,
                            s.account,
                            s.address,
                            s.coexists,
                            Param::blob_or_null(s.sealed_grant),
                            s.granted_until,
                            Param::blob_or_null(s.oauth_hash),
                            Param::id_or_null(s.connection),
                            s.busy_until,
                            static_cast<int>(s.consent),
                            s.grant_user,
                            s.granted_at});
}

Result<> update_session(store::Connection& db, const Session& s) {
  return db.write(kUpdate, {s.workspace,
                            s.id,
                            static_cast<int>(s.state),
                            s.updated_at,
                            s.opened_at,
                            s.ended_at,
                            failure_code(s),
                            s.provider_code,
                            s.provider_subcode,
                            s.provider_trace,
                            s.account,
                            s.address,
                            s.coexists,
                            Param::blob_or_null(s.sealed_grant),
                            s.granted_until,
                            Param::blob_or_null(s.oauth_hash),
                            Param::id_or_null(s.connection),
                            s.busy_until,
                            static_cast<int>(s.consent),
                            s.grant_user,
                            s.granted_at});
}

Result<std::optional<Session>> find_session(store::Connection& db, const WorkspaceId& workspace,
                                            const OnboardingSessionId& id) {
  return find_one(db, kFind, {workspace, id});
}

Result<std::optional<Session>> find_by_token(store::Connection& db, const WorkspaceId& workspace,
                                             const crypto::Digest& token_hash) {
  return find_one(db, kByToken, {workspace, Param::blob(as_text(token_hash))});
}

Result<SessionPage> list_sessions(store::Connection& db, const Query& q) {
  SessionPage page;
  page.upwards = q.before && !q.after;
  const auto range = IdRange<OnboardingSessionId>::of(q.after, q.before);
  CHECK_OK(db.query(page.upwards ? kPageUp : kPageDown,
                    {q.workspace, static_cast<int>(q.mode), range.below, range.above,
                     static_cast<std::int64_t>(q.limit + 1)},
                    [&page](const store::Row& row) { page.rows.push_back(session_of(row)); }));
  page.cut(q.limit, &Session::id);
  return page;
}

Result<std::int64_t> count_open(store::Connection& db, const WorkspaceId& workspace, Time now) {
  std::int64_t count = 0;
  CHECK_OK(db.query(kOpen, {workspace, now},
                    [&count](const store::Row& row) { count = row.integer(0); }));
  return count;
}

Result<std::vector<Session>> find_expired(store::Connection& db, Time now, std::int64_t limit) {
  std::vector<Session> all;
  CHECK_OK(db.query(kExpired, {now, limit},
                    [&all](const store::Row& row) { all.push_back(session_of(row)); }));
  return all;
}

Result<std::vector<Session>> find_granted_by(store::Connection& db, identity::Mode mode,
                                             std::string_view user) {
  std::vector<Session> all;
  CHECK_OK(db.query(kGrantedBy, {static_cast<int>(mode), user},
                    [&all](const store::Row& row) { all.push_back(session_of(row)); }));
  return all;
}

Result<std::int64_t> drop_ended(store::Connection& db, Time before, std::int64_t limit) {
  std::vector<std::pair<WorkspaceId, OnboardingSessionId>> all;
  CHECK_OK(db.query(kEnded, {before, limit}, [&all](const store::Row& row) {
    all.emplace_back(row.id<WorkspaceId>(0), row.id<OnboardingSessionId>(1));
  }));
  for (const auto& [workspace, id] : all) CHECK_OK(db.write(kDrop, {workspace, id}));
  return static_cast<std::int64_t>(all.size());
}

}  // namespace flowsell::onboarding
