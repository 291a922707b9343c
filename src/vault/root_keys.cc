#include "vault/root_keys.h"

#include <algorithm>
#include <utility>

#include "seals.h"
#include "store/change.h"

namespace flowsell::vault {
namespace {

using store::Param;
using store::Sql;

const Sql kSeals(
    "SELECT name, master, generation, sealed FROM root_key_seals ORDER BY generation, name");
const Sql kInsertSeal(
    "INSERT INTO root_key_seals (name, master, generation, sealed) VALUES (?1, ?2, ?3, ?4) ON "
    "CONFLICT DO NOTHING");
// Of two processes that come first at once the second one waits here for the first.
const Sql kBeFirst(
    "INSERT INTO root_keys (name, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING");

constexpr store::WriteKind kMakeKind{"root_keys", 12, store::apply_each<store::Change>};

std::string joined(const std::vector<std::string>& ids) {
  std::string out;
  for (const std::string& id : ids) out.append(out.empty() ? "" : ", ").append(id);
  return out;
}

std::unexpected<Error> other_master(const std::vector<Seal>& seals,
                                    std::span<const crypto::KeyRing> masters) {
  std::vector<std::string> ours;
  for (const crypto::KeyRing& each : masters) ours.push_back(each.id());
  return fail(ErrorCode::kConflict, "this database is sealed under the master key " +
                                        joined(masters_in(seals)) + ", and the one here is " +
                                        joined(ours) + ": put the right one in its place");
}

Result<RootKeys> open_any(const std::vector<Seal>& seals,
                          std::span<const crypto::KeyRing> masters) {
  if (seals.empty()) return fail(ErrorCode::kNotFound, "the database has no root keys yet");
  for (const crypto::KeyRing& master : masters) {
    auto opened = open_seals(seals, master);
    if (opened || opened.error().code != ErrorCode::kNotFound) return opened;
  }
  return other_master(seals, masters);
}

}  // namespace

Result<std::vector<Seal>> seals_of(store::Connection& db) {
  std::vector<Seal> seals;
  CHECK_OK(db.query(kSeals, {}, [&seals](const store::Row& row) {
    seals.push_back({std::string(row.text(0)), std::string(row.text(1)), row.integer(2),
                     std::string(row.text(3))});
  }));
  return seals;
}

Result<std::vector<Seal>> read_seals(store::Database& shared) {
  return store::read_now(shared, seals_of);
}

std::vector<std::string> masters_in(const std::vector<Seal>& seals) {
  std::vector<std::string> ids;
  for (const Seal& seal : seals) {
    if (std::ranges::find(ids, seal.master) == ids.end()) ids.push_back(seal.master);
  }
  return ids;
}

Result<> insert_seals(store::Connection& db, const RootKeys& roots, const crypto::KeyRing& master,
                      std::int64_t generation) {
  const auto insert = [&](std::string_view name, const crypto::KeyRing& key) {
    return db.write(kInsertSeal,
                    {name, master.id(), generation, Param::blob(master.wrap_ring(name, key))});
  };
  CHECK_OK(insert(kRoot, roots.root));
  return roots.former ? insert(kFormer, *roots.former) : Result<>{};
}

Result<RootKeys> open_seals(const std::vector<Seal>& seals, const crypto::KeyRing& master) {
  std::optional<crypto::KeyRing> root;
  std::optional<crypto::KeyRing> former;
  const std::string id = master.id();
  for (const Seal& seal : seals) {
    if (seal.master != id) continue;
    auto key = master.unwrap_ring(seal.name, seal.sealed);
    if (!key) {
      return fail(ErrorCode::kInternal, "the root key '" + seal.name +
                                            "' does not open under the master key " + id +
                                            ": it was changed");
    }
    if (seal.name == kRoot) {
      root = *std::move(key);
    } else if (seal.name == kFormer) {
      former = *std::move(key);
    }
  }
  const bool has_former =
      std::ranges::any_of(seals, [](const Seal& seal) { return seal.name == kFormer; });
  if (!root || (has_former && !former))
    return fail(ErrorCode::kNotFound, "the root keys are not sealed under the master key " + id);
  return RootKeys{*std::move(root), std::move(former)};
}

Result<bool> has_root_keys(store::Database& shared) {
  TRY(const auto seals, read_seals(shared));
  return !seals.empty();
}

Result<RootKeys> read_root_keys(store::Database& shared, std::span<const crypto::KeyRing> masters) {
  TRY(const auto seals, read_seals(shared));
  return open_any(seals, masters);
}

Result<RootKeys> open_root_keys(store::Database& shared, std::span<const crypto::KeyRing> masters,
                                bool is_older, Time now) {
  const crypto::KeyRing& master = masters.front();
  RootKeys fresh{crypto::KeyRing::random(), std::nullopt};
  if (is_older) fresh.former = master;
  auto make = [&](store::Connection& db) -> Result<> {
    TRY(const auto first, db.run(kBeFirst, {kRoot, now}));
    return first == 1 ? insert_seals(db, fresh, master, 1) : Result<>{};
  };
  CHECK_OK(store::change_now(shared, kMakeKind, std::move(make)));
  return read_root_keys(shared, masters);
}

}  // namespace flowsell::vault
