#include "vault/rotation.h"

#include <algorithm>
#include <utility>

#include "audit/audit_log.h"
#include "seals.h"
#include "store/change.h"

namespace flowsell::vault {
namespace {

using store::Sql;

#define ROOT "SELECT name FROM root_keys WHERE name = 'root'"
const Sql kHold(ROOT, ROOT " FOR UPDATE");
#undef ROOT
const Sql kNoteHolder(
    "INSERT INTO master_key_holders (process, master, noted_at) VALUES (?1, ?2, ?3) ON CONFLICT "
    "(process) DO UPDATE SET master = excluded.master, noted_at = excluded.noted_at "
    // What stands there already is not written each time that somebody waits.
    "WHERE master_key_holders.master <> excluded.master");
const Sql kHolders("SELECT process FROM master_key_holders WHERE master = ?1");
const Sql kForgetHolders("DELETE FROM master_key_holders");
const Sql kRetire("DELETE FROM root_key_seals WHERE master <> ?1");

/// Behind the name of a process that has a key as its next one.
constexpr std::string_view kWithNext = "/next";

constexpr store::WriteKind kSealKind{"master_key_seal", 12, store::apply_each<store::Change>};
constexpr store::WriteKind kRetireKind{"master_key_retire", 12, store::apply_each<store::Change>};

audit::Act act_of(const RotationDesk& desk, std::string name, const std::string& before,
                  const std::string& after) {
  auto act =
      audit::new_act(desk.ids, desk.clock.now(), audit::system_scope(), {}, {}, std::move(name));
  act.before = audit::json_of({{"master_key", before}});
  act.after = audit::json_of({{"master_key", after}});
  return act;
}

/// `master` alone opens all, and gives what we have.
Result<> check(const std::vector<Seal>& seals, const RootKeys& roots,
               const crypto::KeyRing& master) {
  const auto opened = open_seals(seals, master);
  if (opened && *opened == roots) return {};
  return fail(ErrorCode::kInternal, "the root keys don't open under the master key " + master.id() +
                                        " alone: the one before it stays");
}

/// One process at a time looks at the seals and changes them.
Result<> hold_rotation(store::Connection& db) {
  return db.query(kHold, {}, [](const store::Row&) {});
}

/// Whether another one of those that live has the key, or has begun with it.
Result<bool> others_hold(store::Connection& db, const std::string& master, const std::string& me,
                         std::span<const std::string> live) {
  bool is_held = false;
  CHECK_OK(db.query(kHolders, {master}, [&](const store::Row& row) {
    std::string_view name = row.text(0);
    if (name.ends_with(kWithNext)) name.remove_suffix(kWithNext.size());
    is_held = is_held || (name != me && std::ranges::find(live, name) != live.end());
  }));
  return is_held;
}

Result<bool> all_hold(store::Connection& db, const std::string& master,
                      std::span<const std::string> live) {
  std::vector<std::string> holders;
  CHECK_OK(db.query(kHolders, {master},
                    [&holders](const store::Row& row) { holders.emplace_back(row.text(0)); }));
  return std::ranges::all_of(live, [&holders](const std::string& each) {
    return std::ranges::find(holders, each) != holders.end();
  });
}

}  // namespace

Result<Begun> seal_under(const RotationDesk& desk, const crypto::KeyRing& next,
                         const std::string& me, std::span<const std::string> live) {
  // Who does not see himself does not see who else is at it either.
  if (std::ranges::find(live, me) == live.end())
    return fail(ErrorCode::kStoreUnavailable, "this process is not seen among those that run yet");
  return store::change_now(desk.shared, kSealKind, [&](store::Connection& db) -> Result<Begun> {
    CHECK_OK(hold_rotation(db));
    TRY(const auto seals, seals_of(db));
    const auto masters = masters_in(seals);
    if (masters.empty()) return fail(ErrorCode::kInternal, "the database has no root keys");
    const bool is_there = std::ranges::find(masters, next.id()) != masters.end();
    if (!is_there && masters.size() > 1) {
      TRY(const bool is_held, others_hold(db, masters.back(), me, live));
      if (is_held) return Begun::kGaveWay;
    }
    CHECK_OK(db.write(kNoteHolder, {me + std::string(kWithNext), next.id(), desk.clock.now()}));
    if (is_there) return Begun::kAlready;
    CHECK_OK(insert_seals(db, desk.roots, next, seals.back().generation + 1));
    CHECK_OK(
        audit::append(db, act_of(desk, "master_key.rotation_started", masters.back(), next.id())));
    return Begun::kNow;
  });
}

Result<> check_sealed(const RotationDesk& desk, const crypto::KeyRing& master) {
  TRY(const auto seals, read_seals(desk.shared));
  return check(seals, desk.roots, master);
}

Result<std::vector<std::string>> masters_of(store::Database& shared) {
  TRY(const auto seals, read_seals(shared));
  return masters_in(seals);
}

Result<Retired> retire_others(const RotationDesk& desk, const crypto::KeyRing& master,
                              const std::string& me, std::span<const std::string> live) {
  const std::string id = master.id();
  return store::change_now(desk.shared, kRetireKind, [&](store::Connection& db) -> Result<Retired> {
    CHECK_OK(hold_rotation(db));
    TRY(const auto seals, seals_of(db));
    const auto masters = masters_in(seals);
    if (masters.size() == 1 && masters.front() == id) return Retired::kNothingLeft;
    CHECK_OK(db.write(kNoteHolder, {me, id, desk.clock.now()}));
    if (masters.empty() || masters.back() != id) return Retired::kWaits;
    // Who does not see himself does not see the others either.
    if (std::ranges::find(live, me) == live.end()) return Retired::kWaits;
    TRY(const bool all, all_hold(db, id, live));
    if (!all) return Retired::kWaits;
    CHECK_OK(check(seals, desk.roots, master));
    CHECK_OK(db.write(kRetire, {id}));
    CHECK_OK(db.write(kForgetHolders, {}));
    const std::string& before = masters[masters.size() - 2];
    CHECK_OK(audit::append(db, act_of(desk, "master_key.rotated", before, id)));
    return Retired::kDone;
  });
}

}  // namespace flowsell::vault
