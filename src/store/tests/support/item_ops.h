#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#include "store/database.h"

namespace flowsell::store {

/// What the store's tests write, in SQL that every engine takes.
inline constexpr Migration kItemMigrations[] = {
    {1, "items",
     "CREATE TABLE item(id BIGINT PRIMARY KEY, note TEXT NOT NULL);"
     "CREATE TABLE item_key(note TEXT PRIMARY KEY, id BIGINT NOT NULL);"
     "CREATE TABLE tally(name TEXT PRIMARY KEY, total BIGINT NOT NULL);"
     "INSERT INTO tally(name, total) VALUES('items', 0);"
     "CREATE TABLE trail(position BIGINT PRIMARY KEY, what TEXT NOT NULL);"
     "CREATE TABLE loose(id BIGINT NOT NULL PRIMARY KEY, note TEXT, bytes BLOB, amount BIGINT);"},
};

/// An item and its key, which must both be there or both not. Two items of one id can't be: the
/// second's row violates the primary key, which is what a bad operation is here.
struct InsertItem : WriteOp {
  explicit InsertItem(std::int64_t item_id)
      : WriteOp(kKind), id(item_id), note("note " + std::to_string(item_id)) {}

  std::int64_t id;
  std::string note;

  static Result<> apply(Connection& db, std::span<WriteOp* const> ops) {
    for (WriteOp* op : ops) {
      const auto& item = as<InsertItem>(op);
      CHECK_OK(db.write(kInsertKey, {item.note + "/" + std::to_string(item.id), item.id}));
      CHECK_OK(db.write(kInsert, {item.id, item.note}));
    }
    CHECK_OK(db.write(kCount, {static_cast<std::int64_t>(ops.size())}));
    return {};
  }

  static constexpr Sql kInsertKey{"INSERT INTO item_key(note, id) VALUES(?1, ?2)"};
  static constexpr Sql kInsert{"INSERT INTO item(id, note) VALUES(?1, ?2)"};
  static constexpr Sql kCount{"UPDATE tally SET total = total + ?1 WHERE name = 'items'"};
  static const WriteKind kKind;
};
inline constexpr WriteKind InsertItem::kKind{"insert_item", 10, &InsertItem::apply};

/// Anything, in one transaction.
struct FreeOp : WriteOp {
  explicit FreeOp(std::function<Result<>(Connection&)> work)
      : WriteOp(kKind), body(std::move(work)) {}
  std::function<Result<>(Connection&)> body;
  static Result<> apply(Connection& db, std::span<WriteOp* const> ops) {
    for (WriteOp* op : ops) CHECK_OK(as<FreeOp>(op).body(db));
    return {};
  }
  static const WriteKind kKind;
};
inline constexpr WriteKind FreeOp::kKind{"free", 5, &FreeOp::apply};

inline constexpr Sql kAllItems("SELECT id FROM item ORDER BY id");
inline constexpr Sql kAllKeys("SELECT id FROM item_key ORDER BY id");
inline constexpr Sql kItemTally("SELECT total FROM tally WHERE name = 'items'");

/// The first column of every row.
inline Result<std::vector<std::int64_t>> integers(Connection& db, const Sql& sql) {
  std::vector<std::int64_t> found;
  CHECK_OK(db.query(sql, {}, [&found](const Row& row) { found.push_back(row.integer(0)); }));
  return found;
}
inline std::vector<std::int64_t> integers_now(Database& db, const Sql& sql) {
  Result<std::vector<std::int64_t>> found;
  const auto read = db.read_now([&](Connection& connection) { found = integers(connection, sql); });
  if (!read || !found) return {-1};
  return *found;
}

}  // namespace flowsell::store
