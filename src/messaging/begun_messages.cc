#include "messaging/begun_messages.h"

#include <algorithm>

#include "begun_row.h"

namespace flowsell::messaging {
namespace {

using store::Param;
using store::Sql;

const Sql kWriteSlot(
    "INSERT INTO begun_messages (slot, messages) VALUES (?1, ?2) ON CONFLICT (slot) DO UPDATE SET "
    "messages = excluded.messages");
const Sql kClearSlot("DELETE FROM begun_messages WHERE slot = ?1");
const Sql kFirstSlot("SELECT slot, messages FROM begun_messages ORDER BY slot LIMIT 1");

/// A slot fills one page of 4096 bytes, always the whole of it: then the next messages are written
/// over it in place, without a page freed or taken. A message that is larger gets a larger slot.
constexpr std::size_t kSlotBytes = 4040;

}  // namespace

void BegunMessages::end(const Begun& begun) noexcept {
  forget(begun.row->id);
  if (--in_use_[begun.slot] == 0) unused_.push_back(begun.slot);
}

void BegunMessages::forget(const MessageId& id) noexcept {
  const std::lock_guard lock(mutex_);
  rows_.erase(id);
}

std::size_t BegunMessages::take_slot() {
  if (unused_.empty()) {
    in_use_.push_back(0);
    // Room for all of them, since end() and ended() must not fail.
    unused_.reserve(in_use_.size());
    return in_use_.size() - 1;
  }
  const std::size_t slot = unused_.back();
  unused_.pop_back();
  return slot;
}

Result<Begun> BegunMessages::add(store::Connection& db, MessagePtr row) {
  packed_one_.clear();
  pack_begun(*row, packed_one_);
  if (filled_.empty() || packed_.size() + packed_one_.size() > kSlotBytes) {
    CHECK_OK(store_slot(db));
    filled_.push_back({take_slot(), 0});
  }
  packed_ += packed_one_;
  ++filled_.back().messages;
  added_.push_back(row);
  return Begun{std::move(row), filled_.back().slot};
}

Result<> BegunMessages::store_added(store::Connection& db) {
  CHECK_OK(store_slot(db));
  // Room for what ended() does, which must not fail.
  const std::lock_guard lock(mutex_);
  rows_.reserve(rows_.size() + added_.size());
  return {};
}

Result<> BegunMessages::store_slot(store::Connection& db) {
  if (packed_.empty()) return {};
  packed_.resize(std::max(packed_.size(), kSlotBytes), '\0');
  CHECK_OK(
      db.run(kWriteSlot, {static_cast<std::int64_t>(filled_.back().slot), Param::blob(packed_)}));
  packed_.clear();
  return {};
}

void BegunMessages::ended(bool committed) noexcept {
  for (const Filled& filled : filled_) {
    in_use_[filled.slot] = committed ? filled.messages : 0;
    if (!committed) unused_.push_back(filled.slot);
  }
  if (committed) {
    const std::lock_guard lock(mutex_);
    for (MessagePtr& row : added_) rows_.emplace(row->id, row);
  }
  filled_.clear();
  packed_.clear();
  added_.clear();
}

Result<> BegunMessages::clear_unused(store::Connection& db) {
  for (const std::size_t slot : unused_)
    CHECK_OK(db.run(kClearSlot, {static_cast<std::int64_t>(slot)}));
  return {};
}

MessagePtr BegunMessages::find(const WorkspaceId& workspace, const MessageId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.find(id);
  return found != rows_.end() && found->second->workspace == workspace ? found->second : nullptr;
}

std::vector<MessagePtr> BegunMessages::matching(const MessageQuery& query) const {
  std::vector<MessagePtr> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, row] : rows_) {
    if (shows(query, *row)) out.push_back(row);
  }
  return out;
}

Result<std::optional<BegunMessages::Left>> BegunMessages::first_left(store::Connection& db) {
  std::optional<Left> left;
  bool is_sound = true;
  CHECK_OK(db.query(kFirstSlot, {}, [&](const store::Row& row) {
    left = Left{row.integer(0), {}};
    std::string_view packed = row.text(1);
    while (auto message = unpack_begun(packed)) left->messages.push_back(*std::move(message));
    is_sound = packed.find_first_not_of('\0') == std::string_view::npos;
  }));
  if (!is_sound) return fail(ErrorCode::kInternal, "a row of begun_messages is damaged");
  return left;
}

Result<> BegunMessages::remove_left(store::Connection& db, const Left& left) {
  CHECK_OK(db.run(kClearSlot, {left.slot}));
  return {};
}

}  // namespace flowsell::messaging
