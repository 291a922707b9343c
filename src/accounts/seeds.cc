#include "accounts/seeds.h"

#include <utility>
#include <vector>

namespace flowsell::accounts {
namespace {

using store::Param;
using store::Sql;

constexpr std::string_view kPurpose = "second-factor-seed";

const Sql kAll("SELECT user_id, sealed_seed FROM second_factors ORDER BY user_id");
const Sql kReplace(
    "UPDATE second_factors SET sealed_seed = ?3 WHERE user_id = ?1 AND sealed_seed = ?2");

std::string binding_of(const UserId& user) {
  return std::string(kPurpose).append(":").append(user.blob());
}

}  // namespace

std::string seal_seed(const crypto::KeyRing& ring, const UserId& user, const Secret& seed) {
  return crypto::seal(ring.derive(kPurpose), binding_of(user), seed.reveal());
}

Result<Secret> open_seed(const crypto::KeyRing& ring, const UserId& user, std::string_view sealed) {
  TRY(std::string seed, crypto::open(ring.derive(kPurpose), binding_of(user), sealed));
  return Secret(std::move(seed));
}

Result<std::int64_t> reseal_seeds(store::Connection& db, const crypto::KeyRing& from,
                                  const crypto::KeyRing& to) {
  std::vector<std::pair<UserId, std::string>> all;
  CHECK_OK(db.query(kAll, {}, [&all](const store::Row& row) {
    all.emplace_back(row.id<UserId>(0), std::string(row.text(1)));
  }));
  std::int64_t resealed = 0;
  for (const auto& [user, sealed] : all) {
    if (open_seed(to, user, sealed)) continue;
    TRY(const Secret seed, open_seed(from, user, sealed));
    const std::string anew = seal_seed(to, user, seed);
    TRY(const auto replaced, db.run(kReplace, {user, Param::blob(sealed), Param::blob(anew)}));
    resealed += replaced;
  }
  return resealed;
}

}  // namespace flowsell::accounts
