#include "cluster/key_check.h"

namespace flowsell::cluster {
namespace {

using store::Param;
using store::Sql;

const Sql kStored("SELECT period, value FROM key_checks WHERE name = ?1");
// Of two that come first at once, one only: the other one compares.
const Sql kFirst(
    "INSERT INTO key_checks (name, period, value) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
const Sql kLater("UPDATE key_checks SET period = ?2, value = ?3 WHERE name = ?1 AND period < ?2");

/// False: it is another key.
Result<bool> check(store::Connection& db, const SharedKey& key) {
  const auto mine = key.value(key.period);
  if (!mine) return fail(ErrorCode::kInternal, "the key '" + key.name + "' has no value of now");
  CHECK_OK(db.write(kFirst, {key.name, key.period, Param::blob(*mine)}));
  std::int64_t period = 0;
  std::string stored;
  CHECK_OK(db.query(kStored, {key.name}, [&](const store::Row& row) {
    period = row.integer(0);
    stored = row.text(1);
  }));
  const auto same_period = key.value(period);
  // A chain that was begun later can't know; it matters as long as something may be sealed under
  // the stored one.
  if (same_period ? *same_period != stored : period >= key.oldest_needed) return false;
  CHECK_OK(db.write(kLater, {key.name, key.period, Param::blob(*mine)}));
  return true;
}

struct CheckOp final : store::WriteOp {
  explicit CheckOp(const std::vector<SharedKey>& k);
  Result<> apply(store::Connection& db) {
    different.clear();
    for (const SharedKey& key : keys) {
      TRY(const bool is_same, check(db, key));
      if (!is_same) different = key.name;
    }
    return {};
  }
  const std::vector<SharedKey>& keys;
  std::string different;  ///< result: the key that is not the others'
};
constexpr store::WriteKind kCheckKind{"key_check", 11, store::apply_each<CheckOp>};
CheckOp::CheckOp(const std::vector<SharedKey>& k) : WriteOp(kCheckKind), keys(k) {}

}  // namespace

Result<> check_keys(store::Database& shared, const std::vector<SharedKey>& keys) {
  CheckOp op(keys);
  CHECK_OK(shared.commit_now(op));
  if (op.different.empty()) return {};
  return fail(ErrorCode::kConflict,
              "this data folder has other keys ('" + op.different +
                  "') than the replicas of this database: copy master.key and the folder keys from "
                  "one of them");
}

}  // namespace flowsell::cluster
