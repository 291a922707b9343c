#include "metering/send_keys.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

#include "core/encoding.h"
#include "core/random.h"
#include "fingerprint.h"
#include "key_merge.h"
#include "key_run.h"
#include "metering/metering.h"
#include "telemetry/log.h"

namespace flowsell::metering {
namespace {

using store::Param;
using store::Sql;
using Kind = IdempotencyVerdict::Kind;

const Sql kInsertRecent("INSERT INTO recent_send_keys (batch, day, entries) VALUES (?1, ?2, ?3)");
const Sql kReadRecent("SELECT batch, day, entries FROM recent_send_keys ORDER BY batch");
const Sql kDeleteRecent("DELETE FROM recent_send_keys");
const Sql kDropRecent("DELETE FROM recent_send_keys WHERE day < ?1");

/// Entries that are merged for each key that is taken. Each is merged three times in its life.
constexpr std::size_t kMergedPerKey = 32;
/// Parts that are deleted for each key that is taken: each has 84 keys.
constexpr std::size_t kKeysPerDeletedPart = 4;
/// The same, where no keys are taken.
constexpr std::size_t kTidyKeys = 1024;

struct Taken {
  KeyHash fingerprint{};
  IdBytes resource{};
  std::int64_t day = 0;
};

/// Under a number of this process: who chooses keys can't choose where they fall.
struct SaltedHash {
  std::uint64_t salt = random_bits();
  std::size_t operator()(const KeyHash& key) const noexcept {
    constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;  // 2^64 divided by the golden ratio
    std::uint64_t mixed = (eight_bytes(key, 0) ^ salt) * kOdd;
    mixed = (mixed ^ mixed >> 32 ^ eight_bytes(key, 8)) * kOdd;
    return mixed ^ mixed >> 32;
  }
};
using KeyMap = std::unordered_map<KeyHash, Taken, SaltedHash>;

using EntriesByDay = std::map<std::int64_t, std::vector<KeyEntry>>;

void add_by_day(const KeyMap& keys, EntriesByDay& out) {
  for (const auto& [key, taken] : keys)
    out[taken.day].push_back({key, taken.fingerprint, taken.resource});
}

/// What the open transaction changes.
struct Plan {
  explicit Plan(const SaltedHash& hash) : taken(0, hash) {}
  KeyMap taken;
  bool recent_became_runs = false;
  std::vector<KeyRunPtr> new_runs;
  KeyRunPtr merged;  ///< of all that the merge reads
  bool merge_went_on = false;
  bool merge_failed = false;
  std::int64_t deleted_until = -1;        ///< the last part deleted of the first range of garbage
  std::optional<std::int64_t> first_day;  ///< older ones were dropped
};

/// Days before this one are over.
std::int64_t first_day_kept(Time now) { return day_of(now - Idempotency::kKept); }

}  // namespace

class SendKeys::Impl {
 public:
  Impl(const crypto::RotatingKeys& keys, std::size_t recent_max)
      : fingerprint_keys_(keys), recent_max_(recent_max) {}

  Result<> load(store::Connection& db);
  void set_restored_at(Time at) noexcept { restored_at_ = at; }
  Result<IdempotencyVerdict> look(store::Connection& db, const IdempotentCall& call, Time now);
  Result<IdempotencyVerdict> take(store::Connection& db, const IdempotentCall& call,
                                  const IdBytes& resource, Time now);
  Result<> store_taken(store::Connection& db);
  Result<std::int64_t> drop_expired(store::Connection& db, Time now);
  Result<bool> tidy(store::Connection& db, std::size_t keys, std::int64_t today);
  void ended(bool committed);
  Stats stats() const { return {recent_.size(), runs_.size(), garbage_.size()}; }

 private:
  Result<std::optional<Taken>> find(store::Connection& db, const KeyHash& key,
                                    std::int64_t first_day);
  Result<> append(store::Connection& db);
  Result<> make_runs(store::Connection& db);
  Result<> go_on_merging(store::Connection& db, std::size_t entries_max, std::int64_t today);
  Result<> merge_some(store::Connection& db, std::size_t entries_max);
  Result<> delete_garbage(store::Connection& db, std::size_t parts_max);
  void keep(Plan plan);
  void abandon_merge(PartRange written);
  void forget_days_before(std::int64_t day);
  template <class Is>
  void forget_runs(Is is_gone);

  const crypto::RotatingKeys& fingerprint_keys_;
  const std::size_t recent_max_;
  Time restored_at_{};
  const SaltedHash hash_;
  KeyMap recent_{0, hash_};
  std::vector<KeyRunPtr> runs_;
  std::unique_ptr<KeyMerge> merge_;
  PartRange merge_committed_;    ///< what the merge has written in transactions that hold
  bool may_merge_ = true;        ///< false until a transaction holds after one that did not
  bool merging_failed_ = false;  ///< a run is damaged
  std::deque<PartRange> garbage_;
  Plan plan_{hash_};
  std::int64_t next_batch_ = 1;  ///< numbers of what is rolled back are not used again
  std::int64_t next_run_ = 1;
};

Result<> SendKeys::Impl::load(store::Connection& db) {
  TRY(runs_, read_runs(db));
  TRY(const auto orphans, orphaned_parts(db, runs_));
  garbage_.assign(orphans.begin(), orphans.end());
  for (const KeyRunPtr& run : runs_) next_run_ = std::max(next_run_, run->number + 1);
  for (const PartRange& range : garbage_)
    next_run_ = std::max(next_run_, run_of_part(range.last) + 1);
  return db.query(kReadRecent, {}, [this](const store::Row& row) {
    next_batch_ = std::max(next_batch_, row.integer(0) + 1);
    for (const KeyEntry& entry : values_of<KeyEntry>(row.text(2)))
      recent_[entry.key] = {entry.fingerprint, entry.resource, row.integer(1)};
  });
}

Result<std::optional<Taken>> SendKeys::Impl::find(store::Connection& db, const KeyHash& key,
                                                  std::int64_t first_day) {
  for (const KeyMap* known : {&plan_.taken, &recent_}) {
    const auto found = known->find(key);
    if (found != known->end() && found->second.day >= first_day) return found->second;
  }
  for (const KeyRunPtr& run : runs_) {
    if (run->day < first_day) continue;
    TRY(const auto found, find_in_run(db, *run, key));
    if (found) return Taken{found->fingerprint, found->resource, run->day};
  }
  return std::nullopt;
}

Result<IdempotencyVerdict> SendKeys::Impl::look(store::Connection& db, const IdempotentCall& call,
                                                Time now) {
  TRY(const auto found, find(db, call.key_hash, first_day_kept(now)));
  if (!found) return IdempotencyVerdict{};
  const EarlierCall earlier{found->day, as_text(found->fingerprint), found->resource};
  return IdempotencyVerdict{compare(fingerprint_keys_, call, earlier, restored_at_),
                            found->resource};
}

Result<IdempotencyVerdict> SendKeys::Impl::take(store::Connection& db, const IdempotentCall& call,
                                                const IdBytes& resource, Time now) {
  TRY(const auto verdict, look(db, call, now));
  if (verdict.kind == Kind::kFirst)
    plan_.taken.insert_or_assign(call.key_hash, Taken{call.fingerprint, resource, call.day});
  return verdict;
}

Result<> SendKeys::Impl::store_taken(store::Connection& db) {
  const std::size_t taken = plan_.taken.size();
  if (taken == 0) return {};
  CHECK_OK(recent_.size() + taken < recent_max_ ? append(db) : make_runs(db));
  const auto newest =
      std::ranges::max_element(plan_.taken, {}, [](const auto& known) { return known.second.day; });
  TRY([[maybe_unused]] const bool more, tidy(db, taken, newest->second.day));
  return {};
}

Result<> SendKeys::Impl::append(store::Connection& db) {
  EntriesByDay by_day;
  add_by_day(plan_.taken, by_day);
  for (const auto& [day, entries] : by_day)
    CHECK_OK(db.write(kInsertRecent, {next_batch_++, day, Param::blob(bytes_of(entries))}));
  return {};
}

Result<> SendKeys::Impl::make_runs(store::Connection& db) {
  EntriesByDay by_day;
  add_by_day(recent_, by_day);
  add_by_day(plan_.taken, by_day);
  for (auto& [day, entries] : by_day) {
    std::ranges::sort(entries);
    KeyRunWriter out(next_run_++, 0, day, entries.size());
    for (const KeyEntry& entry : entries) CHECK_OK(out.add(db, entry));
    TRY(auto run, out.finish(db));
    plan_.new_runs.push_back(std::move(run));
  }
  CHECK_OK(db.write(kDeleteRecent, {}));
  plan_.recent_became_runs = true;
  return {};
}

Result<bool> SendKeys::Impl::tidy(store::Connection& db, std::size_t keys, std::int64_t today) {
  // Once in a transaction: what it did already is not yet known to hold.
  if (!plan_.merge_went_on) CHECK_OK(go_on_merging(db, keys * kMergedPerKey, today));
  if (plan_.deleted_until < 0) CHECK_OK(delete_garbage(db, keys / kKeysPerDeletedPart + 1));
  return merge_ != nullptr || !garbage_.empty() || !may_merge_;
}

Result<> SendKeys::Impl::go_on_merging(store::Connection& db, std::size_t entries_max,
                                       std::int64_t today) {
  if (merging_failed_ || !may_merge_) return {};
  if (!merge_) {
    const auto sources = runs_to_merge(runs_, today);
    if (sources.empty()) return {};
    merge_ = std::make_unique<KeyMerge>(next_run_++, sources);
    merge_committed_ = {};
  }
  plan_.merge_went_on = true;
  auto merged = merge_some(db, entries_max);
  if (merged || merged.error().code != ErrorCode::kInternal) return merged;
  // A damaged run must not stop what goes on beside it: it is looked into as before.
  log::error("idempotency keys can't be merged", {{"why", merged.error().detail}});
  plan_.merge_failed = true;
  return {};
}

Result<> SendKeys::Impl::merge_some(store::Connection& db, std::size_t entries_max) {
  TRY(plan_.merged, merge_->step(db, entries_max));
  if (!plan_.merged) return {};
  for (const KeyRunPtr& run : runs_) {
    if (merge_->reads(*run)) CHECK_OK(delete_run(db, *run));
  }
  return {};
}

Result<> SendKeys::Impl::delete_garbage(store::Connection& db, std::size_t parts_max) {
  if (garbage_.empty()) return {};
  PartRange range = garbage_.front();
  range.last = std::min(range.last, range.first + static_cast<std::int64_t>(parts_max) - 1);
  CHECK_OK(delete_parts(db, range));
  plan_.deleted_until = range.last;
  return {};
}

Result<std::int64_t> SendKeys::Impl::drop_expired(store::Connection& db, Time now) {
  const std::int64_t first = first_day_kept(now);
  const auto is_over = [first](const auto& known) { return known.second.day < first; };
  std::int64_t dropped = std::ranges::count_if(recent_, is_over);
  for (const KeyRunPtr& run : runs_) {
    if (run->day < first) dropped += run->keys;
  }
  // Those too that this transaction has just made.
  CHECK_OK(delete_runs_before(db, first));
  CHECK_OK(db.write(kDropRecent, {first}));
  plan_.first_day = first;
  return dropped;
}

void SendKeys::Impl::ended(bool committed) {
  Plan plan = std::exchange(plan_, Plan(hash_));
  may_merge_ = committed;
  if (committed) return keep(std::move(plan));
  if (plan.merge_went_on) abandon_merge(merge_committed_);
}

void SendKeys::Impl::keep(Plan plan) {
  if (plan.recent_became_runs) {
    recent_.clear();
  } else {
    for (const auto& [key, taken] : plan.taken) recent_.insert_or_assign(key, taken);
  }
  if (plan.deleted_until >= 0) {
    garbage_.front().first = plan.deleted_until + 1;
    if (garbage_.front().first > garbage_.front().last) garbage_.pop_front();
  }
  if (plan.merged) {
    forget_runs([this](const KeyRun& run) { return merge_->reads(run); });
    merge_.reset();
    runs_.push_back(std::move(plan.merged));
  } else if (plan.merge_failed) {
    merging_failed_ = true;
    abandon_merge(merge_->written());
  } else if (plan.merge_went_on) {
    merge_committed_ = merge_->written();
  }
  for (KeyRunPtr& run : plan.new_runs) runs_.push_back(std::move(run));
  if (plan.first_day) forget_days_before(*plan.first_day);
}

/// What is not there any more leaves its parts behind.
template <class Is>
void SendKeys::Impl::forget_runs(Is is_gone) {
  std::erase_if(runs_, [&](const KeyRunPtr& run) {
    if (!is_gone(*run)) return false;
    garbage_.push_back(parts_of(run->number, run->first_keys.size()));
    return true;
  });
}

void SendKeys::Impl::abandon_merge(PartRange written) {
  if (written.first <= written.last) garbage_.push_back(written);
  merge_.reset();
}

void SendKeys::Impl::forget_days_before(std::int64_t day) {
  if (merge_ && merge_->day() < day) abandon_merge(merge_committed_);
  std::erase_if(recent_, [day](const auto& known) { return known.second.day < day; });
  forget_runs([day](const KeyRun& run) { return run.day < day; });
}

SendKeys::SendKeys(const crypto::RotatingKeys& fingerprint_keys, std::size_t recent_max)
    : impl_(std::make_unique<Impl>(fingerprint_keys, recent_max)) {}
SendKeys::~SendKeys() = default;

Result<> SendKeys::load(store::Connection& db) { return impl_->load(db); }
void SendKeys::set_restored_at(Time at) noexcept { impl_->set_restored_at(at); }
Result<IdempotencyVerdict> SendKeys::look(store::Connection& db, const IdempotentCall& call,
                                          Time now) {
  return impl_->look(db, call, now);
}
Result<IdempotencyVerdict> SendKeys::take(store::Connection& db, const IdempotentCall& call,
                                          const IdBytes& resource, Time now) {
  return impl_->take(db, call, resource, now);
}
Result<> SendKeys::store_taken(store::Connection& db) { return impl_->store_taken(db); }
Result<std::int64_t> SendKeys::drop_expired(store::Connection& db, Time now) {
  return impl_->drop_expired(db, now);
}
Result<bool> SendKeys::tidy(store::Connection& db, Time now) {
  return impl_->tidy(db, kTidyKeys, day_of(now));
}
void SendKeys::ended(bool committed) noexcept { impl_->ended(committed); }
SendKeys::Stats SendKeys::stats() const noexcept { return impl_->stats(); }

}  // namespace flowsell::metering
