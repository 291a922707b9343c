#include "email_tokens.h"

#include "core/encoding.h"
#include "crypto/hash.h"

namespace flowsell::accounts {
namespace {

using store::Param;
using store::Sql;

const Sql kInsert(
    "INSERT INTO email_tokens (token_hash, purpose, user_id, email, expires_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5)");
const Sql kFind(
    "SELECT user_id, email, expires_at FROM email_tokens WHERE token_hash = ?1 AND purpose = ?2 "
    "AND "
    "expires_at > ?3");
// One statement: of two that come at once with the same token one gets the row.
const Sql kUse(
    "DELETE FROM email_tokens WHERE token_hash = ?1 AND purpose = ?2 AND expires_at > ?3 "
    "RETURNING user_id, email, expires_at");
const Sql kDeleteOfUser("DELETE FROM email_tokens WHERE user_id = ?1");
const Sql kDeleteOfPurpose("DELETE FROM email_tokens WHERE user_id = ?1 AND purpose = ?2");
const Sql kDeleteOld("DELETE FROM email_tokens WHERE expires_at <= ?1");

int number_of(TokenPurpose purpose) { return static_cast<int>(purpose); }

}  // namespace

Result<> put_email_token(store::Connection& db, const Secret& token, const EmailToken& of) {
  const auto hash = crypto::sha256(token.reveal());
  return db.write(kInsert, {Param::blob(as_text(hash)), number_of(of.purpose), of.user, of.email,
                            of.expires_at});
}

namespace {

Result<std::optional<EmailToken>> ask(store::Connection& db, const Sql& sql, const Secret& token,
                                      TokenPurpose purpose, Time now) {
  const auto hash = crypto::sha256(token.reveal());
  std::optional<EmailToken> found;
  const auto read = [&](const store::Row& row) {
    found = EmailToken{purpose, row.id<UserId>(0), std::string(row.text(1)), row.time(2)};
  };
  CHECK_OK(db.query(sql, {Param::blob(as_text(hash)), number_of(purpose), now}, read));
  return found;
}

}  // namespace

Result<std::optional<EmailToken>> find_email_token(store::Connection& db, const Secret& token,
                                                   TokenPurpose purpose, Time now) {
  return ask(db, kFind, token, purpose, now);
}

Result<std::optional<EmailToken>> use_email_token(store::Connection& db, const Secret& token,
                                                  TokenPurpose purpose, Time now) {
  return ask(db, kUse, token, purpose, now);
}

Result<> delete_email_tokens(store::Connection& db, const UserId& user) {
  return db.write(kDeleteOfUser, {user});
}

Result<> delete_email_tokens(store::Connection& db, const UserId& user, TokenPurpose purpose) {
  return db.write(kDeleteOfPurpose, {user, number_of(purpose)});
}

Result<std::int64_t> delete_old_email_tokens(store::Connection& db, Time now) {
  return db.run(kDeleteOld, {now});
}

}  // namespace flowsell::accounts
