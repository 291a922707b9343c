#include "store/restores.h"

#include <array>

#include "store/change.h"

namespace flowsell::store {
namespace {

constexpr std::array kMigrations = {Migration{5, "restores", R"sql(
CREATE TABLE restores (
  epoch INTEGER NOT NULL PRIMARY KEY,
  backup_at INTEGER NOT NULL,
  restored_at INTEGER,
  settled_at INTEGER
) STRICT;
)sql"}};

const Sql kLast(
    "SELECT epoch, backup_at, restored_at, settled_at FROM restores ORDER BY epoch DESC LIMIT 1");
const Sql kBegin("UPDATE restores SET restored_at = ?1 WHERE restored_at IS NULL");
const Sql kSettle("UPDATE restores SET settled_at = ?1 WHERE settled_at IS NULL");

constexpr WriteKind kRestoreKind{"restore", 1, apply_each<Change>};

struct Found {
  Restore restore;
  bool has_begun = false;
};

Result<std::optional<Found>> read_last(Database& database) {
  std::optional<Found> found;
  Result<> read;
  CHECK_OK(database.read_now([&](Connection& db) {
    read = db.query(kLast, {}, [&found](const Row& row) {
      found = Found{{row.integer(0), row.time(1), row.time(2), !row.is_null(3)}, !row.is_null(2)};
    });
  }));
  if (!read) return std::unexpected(std::move(read).error());
  return found;
}

}  // namespace

std::span<const Migration> restore_migrations() { return kMigrations; }

Result<std::optional<Restore>> find_restore(Database& db, Time now) {
  TRY(const auto found, read_last(db));
  if (!found) return std::nullopt;
  Restore restore = found->restore;
  if (!found->has_begun) {
    CHECK_OK(change_now(db, kRestoreKind,
                        [now](Connection& connection) { return connection.write(kBegin, {now}); }));
    restore.restored_at = now;
  }
  return restore;
}

Result<> settle_restore(Database& db, Time now, const std::function<Result<>(Connection&)>& also) {
  return change_now(db, kRestoreKind, [&](Connection& connection) -> Result<> {
    CHECK_OK(connection.write(kSettle, {now}));
    return also(connection);
  });
}

}  // namespace flowsell::store
