#include "audit/audit_log.h"

namespace flowsell::audit {
namespace {

using store::Sql;

const Sql kClose(
    "INSERT INTO closed_accounts (user_id, closed_at) VALUES (?1, ?2) ON CONFLICT (user_id) DO "
    "NOTHING");
const Sql kReopen("DELETE FROM closed_accounts WHERE user_id = ?1");
const Sql kIsClosed("SELECT 1 FROM closed_accounts WHERE user_id = ?1");

}  // namespace

Result<> close_account(store::Connection& db, const UserId& user, Time now) {
  return db.write(kClose, {user, now});
}

Result<> reopen_account(store::Connection& db, const UserId& user) {
  return db.write(kReopen, {user});
}

Result<bool> is_closed(store::Connection& db, const UserId& user) {
  bool is_there = false;
  CHECK_OK(db.query(kIsClosed, {user}, [&is_there](const store::Row&) { is_there = true; }));
  return is_there;
}

}  // namespace flowsell::audit
