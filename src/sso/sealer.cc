#include "sso/sealer.h"

#include <vector>

namespace flowsell::sso {
namespace {

using store::Param;
using store::Sql;

/// Rows of one table: the key that a sealed text is bound to, and the text.
struct SealedTable {
  const Sql& read;
  const Sql& write;
};

const Sql kReadProviders("SELECT id, sealed_secret FROM sso_providers");
const Sql kWriteProvider("UPDATE sso_providers SET sealed_secret = ?2 WHERE id = ?1");
const Sql kReadAttempts("SELECT browser_hash, sealed FROM sso_attempts");
const Sql kWriteAttempt("UPDATE sso_attempts SET sealed = ?2 WHERE browser_hash = ?1");

Result<std::int64_t> reseal_table(store::Connection& db, const SealedTable& table,
                                  const Sealer& from, const Sealer& to) {
  std::vector<std::pair<std::string, std::string>> rows;
  CHECK_OK(db.query(table.read, {}, [&rows](const store::Row& row) {
    rows.emplace_back(row.text(0), row.text(1));
  }));
  for (const auto& [key, sealed] : rows) {
    TRY(const Secret secret, from.unseal(key, sealed));
    CHECK_OK(db.write(table.write, {Param::blob(key), Param::blob(to.seal(key, secret))}));
  }
  return static_cast<std::int64_t>(rows.size());
}

}  // namespace

Sealer::Sealer(const crypto::KeyRing& ring) : key_(ring.derive("single-sign-on")) {}

std::string Sealer::seal(std::string_view bound_to, const Secret& secret) const {
  return crypto::seal(key_, bound_to, secret.reveal());
}

Result<Secret> Sealer::unseal(std::string_view bound_to, std::string_view sealed) const {
  TRY(std::string text, crypto::open(key_, bound_to, sealed));
  return Secret(std::move(text));
}

Result<std::int64_t> reseal(store::Connection& db, const Sealer& from, const Sealer& to) {
  TRY(const auto providers, reseal_table(db, {kReadProviders, kWriteProvider}, from, to));
  TRY(const auto attempts, reseal_table(db, {kReadAttempts, kWriteAttempt}, from, to));
  return providers + attempts;
}

}  // namespace flowsell::sso
