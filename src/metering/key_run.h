#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "key_entry.h"
#include "key_filter.h"
#include "store/database.h"

namespace flowsell::metering {

/// Many keys of one day, sorted and never changed: its entries lie in parts of one page each, what
/// finds the right part in memory (about 1.6 bytes a key).
struct KeyRun {
  std::int64_t number = 0;
  int level = 0;  ///< how often its entries were merged
  std::int64_t day = 0;
  std::int64_t keys = 0;
  std::vector<std::uint64_t> first_keys;  ///< the head of each part's first key
  KeyFilter filter;
};
using KeyRunPtr = std::unique_ptr<KeyRun>;

/// Parts of runs by their numbers, both included.
struct PartRange {
  std::int64_t first = 0;
  std::int64_t last = -1;
};
/// Of the first `parts` parts of a run.
PartRange parts_of(std::int64_t run, std::size_t parts);
std::int64_t run_of_part(std::int64_t part) noexcept;

/// Writes a run's entries in their order. In transactions; the run exists once finish() committed.
class KeyRunWriter {
 public:
  KeyRunWriter(std::int64_t number, int level, std::int64_t day, std::size_t keys_max);
  Result<> add(store::Connection& db, const KeyEntry& entry);
  Result<KeyRunPtr> finish(store::Connection& db);
  /// The parts so far, before finish().
  PartRange written() const { return parts_of(run_->number, run_->first_keys.size()); }

 private:
  Result<> write_part(store::Connection& db);

  KeyRunPtr run_;
  std::vector<KeyEntry> part_;
};

/// Reads a run's entries in their order.
class KeyRunReader {
 public:
  explicit KeyRunReader(const KeyRun& run) : run_(&run) {}
  const KeyRun& run() const noexcept { return *run_; }
  /// The next entry; nullptr at the end. Good until pop().
  Result<const KeyEntry*> peek(store::Connection& db);
  void pop() noexcept { ++next_; }

 private:
  const KeyRun* run_;
  std::size_t parts_read_ = 0;
  std::vector<KeyEntry> part_;
  std::size_t next_ = 0;
};

Result<std::optional<KeyEntry>> find_in_run(store::Connection& db, const KeyRun& run,
                                            const KeyHash& key);

/// All runs that were finished, in the order of their numbers.
Result<std::vector<KeyRunPtr>> read_runs(store::Connection& db);
/// Parts of runs that are not among `runs`: merges that a crash cut off, and runs whose removal it
/// did.
Result<std::vector<PartRange>> orphaned_parts(store::Connection& db,
                                              const std::vector<KeyRunPtr>& runs);
/// Both leave the runs' parts: they become garbage.
Result<> delete_run(store::Connection& db, const KeyRun& run);
Result<> delete_runs_before(store::Connection& db, std::int64_t day);
Result<> delete_parts(store::Connection& db, PartRange range);

}  // namespace flowsell::metering
