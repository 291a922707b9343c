#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace flowsell::outbox {

/// Work that begins in the transaction in which it comes to be, and nearly always ends some
/// milliseconds later: its rows are written once, with its end. Until then each transaction keeps
/// all of its items together in one row, a *slot*, which a later transaction writes over once all
/// of its items have ended. After a crash, what stands in a slot and has no end is found there. See
/// docs/decisions/0012-rows-with-their-outcome.md.
///
/// For write transactions only, so for one thread at a time.
class BegunSlots {
 public:
  /// Of a table (slot INTEGER PRIMARY KEY, items BLOB NOT NULL): see the macros below.
  struct Table {
    const store::Sql& write;
    const store::Sql& clear;
    const store::Sql& clear_all;
    const store::Sql& read;
    char version;  ///< of the items' form, not 0: what another version left is not guessed at
  };
  explicit BegunSlots(const Table& table) : table_(table) {}

  /// Adds an item of this transaction; returns its slot.
  Result<std::size_t> add(store::Connection& db, std::string_view item);
  /// After the last add() of a kind.
  Result<> store_added(store::Connection& db);
  /// The transaction that may have called add() has ended: see WriteKind::ended. Once more for each
  /// kind that adds is harmless.
  void ended(bool committed) noexcept;
  /// The transaction is committed in which an item ended: once for each.
  void end(std::size_t slot) noexcept;
  /// Removes what slots hold that are not in use: the items in them have ended.
  Result<> clear_unused(store::Connection& db);

  /// What the last process left in the slots, items too that have ended. Fails with kInternal when
  /// a slot is damaged.
  static Result<std::vector<std::string>> left(store::Connection& db, const Table& table);
  /// Before the first add().
  static Result<> clear_left(store::Connection& db, const Table& table);

 private:
  std::size_t take_slot();

  const Table& table_;
  std::vector<std::size_t> in_use_;  ///< by slot: its items that have not ended
  std::vector<std::size_t> unused_;
  struct Filled {
    std::size_t slot;
    std::size_t items;
  };
  std::vector<Filled> filled_;  ///< by the open transaction
  std::string bytes_;           ///< what the last of filled_ will hold
};

/// The statements of a table of slots. Literals, for Sql.
#define FLOWSELL_WRITE_SLOT(table) \
  "INSERT INTO " table             \
  " (slot, items) VALUES (?1, ?2) ON CONFLICT (slot) DO UPDATE SET items = excluded.items"
#define FLOWSELL_CLEAR_SLOT(table) "DELETE FROM " table " WHERE slot = ?1"
#define FLOWSELL_CLEAR_SLOTS(table) "DELETE FROM " table
#define FLOWSELL_READ_SLOTS(table) "SELECT items FROM " table " ORDER BY slot"

}  // namespace flowsell::outbox
