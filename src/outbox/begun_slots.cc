#include "outbox/begun_slots.h"

#include <algorithm>
#include <cassert>

#include "core/packing.h"

namespace flowsell::outbox {
namespace {

using store::Param;

/// A slot fills one page of 4096 bytes, always the whole of it: then the next items are written
/// over it in place, without a page freed or taken. An item that is larger gets a larger slot.
constexpr std::size_t kSlotBytes = 4040;
constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);

/// The items of a slot: the version, then each behind its length, zeros at the end. False: damaged,
/// or of another version.
bool read_items(std::string_view bytes, char version, std::vector<std::string>& out) {
  if (!bytes.starts_with(version)) return false;
  bytes.remove_prefix(1);
  while (bytes.find_first_not_of('\0') != std::string_view::npos) {
    Unpacker length(bytes.substr(0, std::min(bytes.size(), kLengthBytes)));
    const auto size = length.number<std::uint32_t>();
    if (!length.is_whole() || size == 0 || size > bytes.size() - kLengthBytes) return false;
    out.emplace_back(bytes.substr(kLengthBytes, size));
    bytes.remove_prefix(kLengthBytes + size);
  }
  return true;
}

}  // namespace

std::size_t BegunSlots::take_slot() {
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

Result<std::size_t> BegunSlots::add(store::Connection& db, std::string_view item) {
  if (bytes_.empty() || bytes_.size() + kLengthBytes + item.size() > kSlotBytes) {
    CHECK_OK(store_added(db));
    filled_.push_back({take_slot(), 0});
    bytes_.push_back(table_.version);
  }
  pack_text(bytes_, item);
  ++filled_.back().items;
  return filled_.back().slot;
}

Result<> BegunSlots::store_added(store::Connection& db) {
  if (bytes_.empty()) return {};
  bytes_.resize(std::max(bytes_.size(), kSlotBytes), '\0');
  CHECK_OK(db.write(table_.write,
                    {static_cast<std::int64_t>(filled_.back().slot), Param::blob(bytes_)}));
  bytes_.clear();
  return {};
}

void BegunSlots::ended(bool committed) noexcept {
  // Else a kind forgot store_added(), and what it began would be lost with the power.
  assert(!committed || bytes_.empty());
  for (const Filled& filled : filled_) {
    in_use_[filled.slot] = committed ? filled.items : 0;
    if (!committed) unused_.push_back(filled.slot);
  }
  filled_.clear();
  bytes_.clear();
}

void BegunSlots::end(std::size_t slot) noexcept {
  if (--in_use_[slot] == 0) unused_.push_back(slot);
}

Result<> BegunSlots::clear_unused(store::Connection& db) {
  for (const std::size_t slot : unused_)
    CHECK_OK(db.write(table_.clear, {static_cast<std::int64_t>(slot)}));
  return {};
}

Result<std::vector<std::string>> BegunSlots::left(store::Connection& db, const Table& table) {
  std::vector<std::string> items;
  bool is_sound = true;
  CHECK_OK(db.query(table.read, {}, [&](const store::Row& row) {
    is_sound = read_items(row.text(0), table.version, items) && is_sound;
  }));
  if (!is_sound)
    return fail(ErrorCode::kInternal,
                "a slot of begun work is damaged, or of another version of connectd");
  return items;
}

Result<> BegunSlots::clear_left(store::Connection& db, const Table& table) {
  CHECK_OK(db.write(table.clear_all, {}));
  return {};
}

}  // namespace flowsell::outbox
