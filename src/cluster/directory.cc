#include "cluster/directory.h"

#include <mutex>
#include <unordered_set>

#include "store/change.h"

namespace flowsell::cluster {
namespace {

using store::Sql;

constexpr std::size_t kKnownMax = 100'000;
/// Of names that may move, and how long one is believed in.
constexpr std::string_view kMovingHead = "whatsapp";
constexpr std::chrono::seconds kBelieved{5};

const Sql kFind("SELECT cell FROM routes WHERE name = ?1");
const Sql kNamesOfCell("SELECT name FROM routes WHERE cell = ?1");
const Sql kPublish(
    "INSERT INTO routes (name, cell) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET cell = "
    "excluded.cell");

// Whoever has one of a provider's names keeps it until he lets go of it.
const Sql kPublishFree(
    "INSERT INTO routes (name, cell) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING");

bool may_move(std::string_view name) noexcept { return name.starts_with(kMovingHead); }

struct PublishOp final : store::WriteOp {
  PublishOp(std::size_t c, std::vector<std::string> n);
  Result<> apply(store::Connection& db) const {
    for (const std::string& name : names) {
      const Sql& sql = may_move(name) ? kPublishFree : kPublish;
      CHECK_OK(db.write(sql, {name, static_cast<std::int64_t>(cell)}));
    }
    return {};
  }
  std::size_t cell;
  std::vector<std::string> names;
};
constexpr store::WriteKind kPublishKind{"publish", 10, store::apply_each<PublishOp>};
const Sql kWithdraw("DELETE FROM routes WHERE name = ?1 AND cell = ?2");
constexpr store::WriteKind kClaimKind{"claim_names", 10, store::apply_each<store::Change>};
constexpr store::WriteKind kWithdrawKind{"withdraw", 11, store::apply_each<store::Change>};

PublishOp::PublishOp(std::size_t c, std::vector<std::string> n)
    : WriteOp(kPublishKind), cell(c), names(std::move(n)) {}

}  // namespace

std::optional<std::size_t> Directory::find_cached(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(name);
  const bool is_believed =
      found != known_.end() && std::chrono::steady_clock::now() < found->second.until;
  return is_believed ? std::optional(found->second.cell) : std::nullopt;
}

Task<std::optional<std::size_t>> Directory::find(std::string name) {
  if (const auto known = find_cached(name)) co_return known;
  std::optional<std::size_t> cell;
  auto read = [&name, &cell](store::Connection& db) -> Result<> {
    return db.query(kFind, {name}, [&cell](const store::Row& row) {
      cell = static_cast<std::size_t>(row.integer(0));
    });
  };
  CO_CHECK_OK(co_await shared_.read(std::move(read)));
  if (cell) remember(std::move(name), *cell);
  co_return cell;
}

Result<> Directory::publish(std::size_t cell, std::vector<std::string> names) {
  std::unordered_set<std::string> stored;
  Result<> read;
  CHECK_OK(shared_.read_now([&](store::Connection& db) {
    read = db.query(kNamesOfCell, {static_cast<std::int64_t>(cell)},
                    [&stored](const store::Row& row) { stored.emplace(row.text(0)); });
  }));
  CHECK_OK(std::move(read));
  for (const std::string& name : names)
    if (!may_move(name)) remember(name, cell);
  std::erase_if(names, [&stored](const std::string& name) { return stored.contains(name); });
  if (names.empty()) return {};
  PublishOp op(cell, std::move(names));
  return shared_.commit_now(op);
}

Task<bool> Directory::claim(std::size_t cell, std::vector<std::string> names) {
  auto body = [&names, cell](store::Connection& db) -> Result<bool> {
    bool is_elsewhere = false;
    for (const std::string& name : names) {
      CHECK_OK(db.query(kFind, {name}, [&is_elsewhere, cell](const store::Row& row) {
        is_elsewhere |= static_cast<std::size_t>(row.integer(0)) != cell;
      }));
    }
    if (is_elsewhere) return false;
    for (const std::string& name : names)
      CHECK_OK(db.write(kPublish, {name, static_cast<std::int64_t>(cell)}));
    return true;
  };
  CO_TRY(const bool is_ours, co_await store::change(shared_, kClaimKind, std::move(body)));
  if (!is_ours) co_return false;
  for (std::string& name : names) remember(std::move(name), cell);
  co_return true;
}

Task<> Directory::publish_one(std::size_t cell, std::string name) {
  PublishOp op(cell, {name});
  CO_CHECK_OK(co_await shared_.commit(op));
  remember(std::move(name), cell);
  co_return Result<>{};
}

Task<> Directory::withdraw(std::size_t cell, std::vector<std::string> names) {
  auto body = [&names, cell](store::Connection& db) -> Result<> {
    for (const std::string& name : names)
      CHECK_OK(db.write(kWithdraw, {name, static_cast<std::int64_t>(cell)}));
    return {};
  };
  CO_CHECK_OK(co_await store::change(shared_, kWithdrawKind, std::move(body)));
  const std::unique_lock lock(mutex_);
  for (const std::string& name : names) known_.erase(name);
  co_return Result<>{};
}

void Directory::remember(std::string name, std::size_t cell) {
  const std::unique_lock lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();  // they come back with their next call
  const bool moves = may_move(name);
  known_[std::move(name)] = {
      cell, moves ? std::chrono::steady_clock::now() + kBelieved : SteadyTime::max()};
}

}  // namespace flowsell::cluster
