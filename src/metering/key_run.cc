#include "key_run.h"

#include <algorithm>
#include <set>

namespace flowsell::metering {
namespace {

using store::Param;
using store::Sql;

/// A part with its record's head fits in one page of 4 KiB (SQLite's file format, section 1.6: a
/// table's leaf holds up to 4061 bytes of a row).
constexpr std::size_t kEntriesPerPart = 84;
static_assert(kEntriesPerPart * sizeof(KeyEntry) <= 4061 - 16);
constexpr int kPartBits = 24;
constexpr std::int64_t kPartMask = (std::int64_t{1} << kPartBits) - 1;

const Sql kInsertPart("INSERT INTO send_key_parts (id, entries) VALUES (?1, ?2)");
const Sql kReadPart("SELECT entries FROM send_key_parts WHERE id = ?1");
const Sql kDeleteParts("DELETE FROM send_key_parts WHERE id BETWEEN ?1 AND ?2");
const Sql kNextPart("SELECT MIN(id) FROM send_key_parts WHERE id >= ?1");
const Sql kLastPart("SELECT MAX(id) FROM send_key_parts WHERE id <= ?1");
const Sql kInsertRun(
    "INSERT INTO send_key_runs (number, level, day, keys, first_keys, filter) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
const Sql kReadRuns(
    "SELECT number, level, day, keys, first_keys, filter FROM send_key_runs ORDER BY number");
const Sql kDeleteRun("DELETE FROM send_key_runs WHERE number = ?1");
const Sql kDeleteRunsBefore("DELETE FROM send_key_runs WHERE day < ?1");

std::int64_t part_id(std::int64_t run, std::size_t part) {
  return run << kPartBits | static_cast<std::int64_t>(part);
}

Result<std::vector<KeyEntry>> read_part(store::Connection& db, const KeyRun& run,
                                        std::size_t part) {
  std::vector<KeyEntry> entries;
  CHECK_OK(db.query(kReadPart, {part_id(run.number, part)}, [&entries](const store::Row& row) {
    entries = values_of<KeyEntry>(row.text(0));
  }));
  // Never "not found": the key could be taken twice.
  if (entries.empty())
    return fail(ErrorCode::kInternal, "a part of the idempotency keys is missing");
  return entries;
}

Result<std::optional<std::int64_t>> one_number(store::Connection& db, const Sql& sql,
                                               std::int64_t bound) {
  std::optional<std::int64_t> number;
  CHECK_OK(db.query(sql, {bound}, [&number](const store::Row& row) {
    if (!row.is_null(0)) number = row.integer(0);
  }));
  return number;
}

}  // namespace

PartRange parts_of(std::int64_t run, std::size_t parts) {
  return {part_id(run, 0), part_id(run, parts) - 1};
}

std::int64_t run_of_part(std::int64_t part) noexcept { return part >> kPartBits; }

KeyRunWriter::KeyRunWriter(std::int64_t number, int level, std::int64_t day, std::size_t keys_max)
    : run_(std::make_unique<KeyRun>()) {
  run_->number = number;
  run_->level = level;
  run_->day = day;
  run_->filter = KeyFilter(keys_max);
  run_->first_keys.reserve(keys_max / kEntriesPerPart + 1);
  part_.reserve(kEntriesPerPart);
}

Result<> KeyRunWriter::add(store::Connection& db, const KeyEntry& entry) {
  run_->filter.add(entry.key);
  ++run_->keys;
  part_.push_back(entry);
  return part_.size() == kEntriesPerPart ? write_part(db) : Result<>{};
}

Result<> KeyRunWriter::write_part(store::Connection& db) {
  const std::int64_t id = part_id(run_->number, run_->first_keys.size());
  CHECK_OK(db.write(kInsertPart, {id, Param::blob(bytes_of(part_))}));
  run_->first_keys.push_back(eight_bytes(part_.front().key, 0));
  part_.clear();
  return {};
}

Result<KeyRunPtr> KeyRunWriter::finish(store::Connection& db) {
  if (!part_.empty()) CHECK_OK(write_part(db));
  CHECK_OK(db.write(kInsertRun,
                    {run_->number, run_->level, run_->day, run_->keys,
                     Param::blob(bytes_of(run_->first_keys)), Param::blob(run_->filter.bytes())}));
  return std::move(run_);
}

Result<const KeyEntry*> KeyRunReader::peek(store::Connection& db) {
  if (next_ == part_.size()) {
    if (parts_read_ == run_->first_keys.size()) return nullptr;
    TRY(part_, read_part(db, *run_, parts_read_));
    ++parts_read_;
    next_ = 0;
  }
  return &part_[next_];
}

Result<std::optional<KeyEntry>> find_in_run(store::Connection& db, const KeyRun& run,
                                            const KeyHash& key) {
  if (!run.filter.may_hold(key)) return std::nullopt;
  const std::uint64_t head = eight_bytes(key, 0);
  const auto& heads = run.first_keys;
  // The last part that begins at or before the key; and as heads are not whole keys, those before
  // it that begin with the same one.
  auto after = static_cast<std::size_t>(std::ranges::upper_bound(heads, head) - heads.begin());
  while (after > 0) {
    const std::size_t part = --after;
    TRY(const auto entries, read_part(db, run, part));
    const auto found = std::ranges::lower_bound(entries, key, {}, &KeyEntry::key);
    if (found != entries.end() && found->key == key) return *found;
    if (heads[part] != head) break;
  }
  return std::nullopt;
}

Result<std::vector<KeyRunPtr>> read_runs(store::Connection& db) {
  std::vector<KeyRunPtr> runs;
  CHECK_OK(db.query(kReadRuns, {}, [&runs](const store::Row& row) {
    auto run = std::make_unique<KeyRun>();
    run->number = row.integer(0);
    run->level = static_cast<int>(row.integer(1));
    run->day = row.integer(2);
    run->keys = row.integer(3);
    run->first_keys = values_of<std::uint64_t>(row.text(4));
    run->filter = KeyFilter::of_bytes(row.text(5));
    runs.push_back(std::move(run));
  }));
  return runs;
}

Result<std::vector<PartRange>> orphaned_parts(store::Connection& db,
                                              const std::vector<KeyRunPtr>& runs) {
  std::set<std::int64_t> known;
  for (const KeyRunPtr& run : runs) known.insert(run->number);
  std::vector<PartRange> orphans;
  std::int64_t from = 0;
  while (true) {
    TRY(const auto first, one_number(db, kNextPart, from));
    if (!first) return orphans;
    const std::int64_t run = run_of_part(*first);
    from = (run + 1) << kPartBits;
    if (known.contains(run)) continue;
    TRY(const auto last, one_number(db, kLastPart, *first | kPartMask));
    orphans.push_back({*first, last.value_or(*first)});
  }
}

Result<> delete_run(store::Connection& db, const KeyRun& run) {
  CHECK_OK(db.write(kDeleteRun, {run.number}));
  return {};
}

Result<> delete_runs_before(store::Connection& db, std::int64_t day) {
  CHECK_OK(db.write(kDeleteRunsBefore, {day}));
  return {};
}

Result<> delete_parts(store::Connection& db, PartRange range) {
  CHECK_OK(db.write(kDeleteParts, {range.first, range.last}));
  return {};
}

}  // namespace flowsell::metering
