#include "challenge_table.h"

#include "core/encoding.h"

namespace flowsell::passkeys {
namespace {

using store::Param;
using store::Sql;

const Sql kInsert(
    "INSERT INTO passkey_challenges (challenge_hash, bound_to, expires_at) VALUES (?1, ?2, ?3)");
const Sql kTake(
    "DELETE FROM passkey_challenges WHERE challenge_hash = ?1 AND bound_to = ?2 AND expires_at > "
    "?3");
const Sql kDeleteOld("DELETE FROM passkey_challenges WHERE expires_at <= ?1");

}  // namespace

Result<> insert_challenge(store::Connection& db, std::string_view challenge,
                          const crypto::Digest& bound_to, Time expires_at) {
  const auto hash = crypto::sha256(challenge);
  return db.write(kInsert,
                  {Param::blob(as_text(hash)), Param::blob(as_text(bound_to)), expires_at});
}

Result<bool> take_challenge(store::Connection& db, std::string_view challenge,
                            const crypto::Digest& bound_to, Time now) {
  const auto hash = crypto::sha256(challenge);
  TRY(const auto taken,
      db.run(kTake, {Param::blob(as_text(hash)), Param::blob(as_text(bound_to)), now}));
  return taken == 1;
}

Result<> delete_old_challenges(store::Connection& db, Time now) {
  return db.write(kDeleteOld, {now});
}

}  // namespace flowsell::passkeys
