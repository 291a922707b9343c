#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outbox/begun_slots.h"

namespace flowsell::outbox {

/// How rows lie in a table of slots.
template <class Row>
struct BegunForm {
  BegunSlots::Table table;
  void (*pack)(const Row& row, std::string& out);
  /// nullopt: it is not what pack() made.
  std::optional<Row> (*unpack)(std::string_view packed);
};

/// A row that is begun and the slot that holds it.
template <class Row>
struct Begun {
  std::shared_ptr<const Row> row;
  std::size_t slot = 0;
};

/// The rows that one table will get with their end (see BegunSlots), and who looks for them until
/// then. Readers must look here before they look into the table: a row leaves here as soon as the
/// table has it. A row has an `id`.
///
/// Thread-safe, but for what is marked [transaction]: for write transactions only, so for one
/// thread at a time.
template <class Row>
class BegunRows {
 public:
  using RowPtr = std::shared_ptr<const Row>;
  using RowId = decltype(Row::id);

  /// `form` outlives it.
  explicit BegunRows(const BegunForm<Row>& form) : form_(form), slots_(form.table) {}

  /// [transaction] Adds a row of this transaction. The table may not have it.
  Result<Begun<Row>> add(store::Connection& db, RowPtr row) {
    packed_.clear();
    form_.pack(*row, packed_);
    TRY(const std::size_t slot, slots_.add(db, packed_));
    added_.push_back(row);
    return Begun<Row>{std::move(row), slot};
  }
  /// [transaction] After the last add() of a kind.
  Result<> store_added(store::Connection& db) {
    CHECK_OK(slots_.store_added(db));
    if (added_.empty()) return {};
    // Room for what ended() does, which must not fail.
    const std::lock_guard lock(mutex_);
    const std::size_t wanted = rows_.size() + added_.size();
    if (wanted > rows_.max_load()) rows_.reserve(2 * wanted);
    return {};
  }
  /// [transaction] As BegunSlots::ended().
  void ended(bool committed) noexcept {
    slots_.ended(committed);
    if (committed && !added_.empty()) {
      const std::lock_guard lock(mutex_);
      for (const RowPtr& row : added_) rows_.emplace(row->id, row);
    }
    added_.clear();
  }
  /// [transaction] The transaction is committed that put the row into the table: once for each that
  /// was added. What never ends stands in its slot until the next start, and is shown until then.
  void end(const Begun<Row>& begun) noexcept {
    forget(begun.row->id);
    slots_.end(begun.slot);
  }
  /// [transaction] The transaction is committed that put the row into the table ahead of its end:
  /// readers find it there.
  void forget(const RowId& id) noexcept {
    const std::lock_guard lock(mutex_);
    rows_.erase(id);
  }
  /// [transaction] As BegunSlots::clear_unused().
  Result<> clear_unused(store::Connection& db) { return slots_.clear_unused(db); }

  /// The row, if it is begun; nullptr if not.
  RowPtr find(const RowId& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(id);
    return found == rows_.end() ? nullptr : found->second;
  }
  /// Those for which `is_wanted`, in no order.
  template <class F>
  std::vector<RowPtr> all(F is_wanted) const {
    std::vector<RowPtr> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, row] : rows_) {
      if (is_wanted(*row)) out.push_back(row);
    }
    return out;
  }

  /// [transaction] What the last process left behind, those too that have ended. Fails with
  /// kInternal when it can't be read.
  Result<std::vector<Row>> left(store::Connection& db) const {
    TRY(const auto items, BegunSlots::left(db, form_.table));
    std::vector<Row> rows;
    for (const std::string& item : items) {
      auto row = form_.unpack(item);
      if (!row) return fail(ErrorCode::kInternal, "an item of begun work can't be read");
      rows.push_back(*std::move(row));
    }
    return rows;
  }
  /// [transaction] Removes it. Before the first add().
  Result<> clear_left(store::Connection& db) const {
    return BegunSlots::clear_left(db, form_.table);
  }

 private:
  const BegunForm<Row>& form_;
  BegunSlots slots_;
  std::string packed_;
  std::vector<RowPtr> added_;  ///< by the open transaction
  mutable std::mutex mutex_;
  boost::unordered_flat_map<RowId, RowPtr, std::hash<RowId>> rows_;
};

}  // namespace flowsell::outbox
