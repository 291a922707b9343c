#pragma once

#include <vector>

#include "key_run.h"

namespace flowsell::metering {

/// Makes one run of several of the same day, a bounded number of entries at a time. What it wrote
/// in a transaction that was rolled back is not there: it is then of no use any more, and another
/// one begins anew.
class KeyMerge {
 public:
  /// `sources` outlive it.
  KeyMerge(std::int64_t number, const std::vector<const KeyRun*>& sources);
  /// Copies up to `entries_max` entries. The new run when all are copied: its sources are to be
  /// deleted in the same transaction.
  Result<KeyRunPtr> step(store::Connection& db, std::size_t entries_max);

  std::int64_t day() const noexcept { return sources_.front().run().day; }
  bool reads(const KeyRun& run) const noexcept;
  /// What it has written so far: garbage, should it not come to its end. Not after that.
  PartRange written() const { return out_.written(); }

 private:
  Result<KeyRunReader*> smallest(store::Connection& db);

  std::vector<KeyRunReader> sources_;
  KeyRunWriter out_;
};

/// The runs that are to be merged next: of one day and, while the day goes on, of one level. The
/// newest day and the smallest runs come first; none while there are few.
std::vector<const KeyRun*> runs_to_merge(const std::vector<KeyRunPtr>& runs, std::int64_t today);

}  // namespace flowsell::metering
