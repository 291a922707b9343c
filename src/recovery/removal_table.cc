#include "removal_table.h"

#include "core/encoding.h"

namespace flowsell::recovery {
namespace {

using store::Param;
using store::Sql;

#define REMOVAL_COLUMNS \
  "id, user_id, state, requested_by, reason, ticket, created_at, effective_at, ended_at"
const Sql kInsert("INSERT INTO second_factor_removals (" REMOVAL_COLUMNS
                  ", factor_mark, token_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                  "?11)");
const Sql kWaiting("SELECT " REMOVAL_COLUMNS
                   " FROM second_factor_removals WHERE user_id = ?1 AND state = 1");
const Sql kByToken("SELECT " REMOVAL_COLUMNS " FROM second_factor_removals WHERE token_hash = ?1");
const Sql kOfUser("SELECT " REMOVAL_COLUMNS
                  " FROM second_factor_removals WHERE user_id = ?1 ORDER BY id DESC");
const Sql kDue("SELECT " REMOVAL_COLUMNS
               ", factor_mark FROM second_factor_removals WHERE state = 1 AND effective_at <= ?1 "
               "ORDER BY effective_at, id");
#undef REMOVAL_COLUMNS
const Sql kEnd(
    "UPDATE second_factor_removals SET state = ?2, ended_at = ?3 WHERE id = ?1 AND state = 1");

constexpr std::size_t kMarkColumn = 9;

Param id_of(const Removal& removal) { return Param::blob(as_text(removal.id)); }

Removal removal_of(const store::Row& row) {
  Removal removal;
  // Any kind's id reads the bytes.
  removal.id = row.id<UserId>(0).bytes();
  removal.user = row.id<UserId>(1);
  removal.state = static_cast<State>(row.integer(2));
  removal.requested_by = row.id<UserId>(3);
  removal.reason = row.text(4);
  removal.ticket = row.text(5);
  removal.created_at = row.time(6);
  removal.effective_at = row.time(7);
  removal.ended_at = row.optional_time(8);
  return removal;
}

Result<std::optional<Removal>> find_one(store::Connection& db, const Sql& sql,
                                        store::Params params) {
  std::optional<Removal> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = removal_of(row); }));
  return found;
}

}  // namespace

Result<> insert_removal(store::Connection& db, const StoredRemoval& stored,
                        const crypto::Digest& token) {
  const Removal& r = stored.removal;
  return db.write(kInsert, {id_of(r), r.user, static_cast<int>(r.state), r.requested_by, r.reason,
                            r.ticket, r.created_at, r.effective_at, r.ended_at,
                            Param::blob(stored.mark), Param::blob(as_text(token))});
}

Result<std::optional<Removal>> find_waiting(store::Connection& db, const UserId& user) {
  return find_one(db, kWaiting, {user});
}

Result<std::optional<Removal>> find_by_token(store::Connection& db, const crypto::Digest& token) {
  return find_one(db, kByToken, {Param::blob(as_text(token))});
}

Result<std::vector<Removal>> list_removals(store::Connection& db, const UserId& user) {
  std::vector<Removal> all;
  CHECK_OK(
      db.query(kOfUser, {user}, [&all](const store::Row& row) { all.push_back(removal_of(row)); }));
  return all;
}

Result<std::vector<StoredRemoval>> due_removals(store::Connection& db, Time now) {
  std::vector<StoredRemoval> due;
  CHECK_OK(db.query(kDue, {now}, [&due](const store::Row& row) {
    due.push_back({removal_of(row), std::string(row.text(kMarkColumn))});
  }));
  return due;
}

Result<bool> end_removal(store::Connection& db, const Removal& removal, State as, Time now) {
  TRY(const auto ended, db.run(kEnd, {id_of(removal), static_cast<int>(as), now}));
  return ended == 1;
}

}  // namespace flowsell::recovery
