#include "terms_table.h"

namespace flowsell::accounts {
namespace {

using store::Sql;

const Sql kInsert(
    "INSERT INTO terms_acceptances (user_id, id, version, accepted_at, address) VALUES (?1, ?2, "
    "?3, ?4, ?5)");
const Sql kList(
    "SELECT id, version, accepted_at FROM terms_acceptances WHERE user_id = ?1 ORDER BY id DESC");
const Sql kOfVersion(
    "SELECT id, version, accepted_at FROM terms_acceptances WHERE user_id = ?1 AND version = ?2 "
    "ORDER BY id LIMIT 1");

TermsAcceptance acceptance_of(const store::Row& row) {
  return {row.id<AcceptanceId>(0), std::string(row.text(1)), row.time(2)};
}

}  // namespace

Result<> insert_acceptance(store::Connection& db, const UserId& user,
                           const TermsAcceptance& acceptance, std::string_view address) {
  return db.write(kInsert,
                  {user, acceptance.id, acceptance.version, acceptance.accepted_at, address});
}

Result<std::vector<TermsAcceptance>> list_acceptances(store::Connection& db, const UserId& user) {
  std::vector<TermsAcceptance> all;
  CHECK_OK(db.query(kList, {user},
                    [&all](const store::Row& row) { all.push_back(acceptance_of(row)); }));
  return all;
}

Result<std::optional<TermsAcceptance>> find_acceptance(store::Connection& db, const UserId& user,
                                                       std::string_view version) {
  std::optional<TermsAcceptance> found;
  CHECK_OK(db.query(kOfVersion, {user, version},
                    [&found](const store::Row& row) { found = acceptance_of(row); }));
  return found;
}

}  // namespace flowsell::accounts
