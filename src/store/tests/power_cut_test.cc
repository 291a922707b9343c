// Operations that were acknowledged survive a power cut. The disk is support/power_cut_vfs.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <random>
#include <semaphore>
#include <set>
#include <thread>

#include "item_ops.h"
#include "power_cut_vfs.h"
#include "store/sqlite.h"
#include "temp_folder.h"

namespace flowsell::store {
namespace {

using testing::IsEmpty;

using Ids = std::set<std::int64_t>;

constexpr int kSubmitters = 3;
constexpr std::int64_t kIdsEach = 100'000;

/// Commits items, up to 12 at a time, until the power fails. About one in 40 repeats an id, so that
/// it is refused after a part of it was written; its note says that it is bad.
class Submitter {
 public:
  Submitter(Database& db, int number, std::uint64_t seed)
      : db_(db), random_(seed), first_(number * kIdsEach), next_(first_) {}

  void run() {
    while (true) {
      slots_.acquire();
      if (power_failed_) break;
      submit_one();
    }
    for (int i = 1; i < kSlots; ++i) slots_.acquire();  // until every answer is there
  }
  const Ids& acknowledged() const { return acknowledged_; }

 private:
  static constexpr int kSlots = 12;

  void submit_one() {
    const bool is_bad = next_ > first_ && random_() % 40 == 0;
    auto op = std::make_unique<InsertItem>(is_bad ? first_ : next_++);
    if (is_bad) op->note = "bad " + std::to_string(random_());
    InsertItem& submitted = *op;
    db_.submit(submitted, [this, op = std::move(op)](const Result<>& result) {
      if (result) acknowledged_.insert(op->id);
      if (!result && result.error().code == ErrorCode::kStoreUnavailable) power_failed_ = true;
      slots_.release();
    });
  }

  Database& db_;
  std::mt19937_64 random_;
  const std::int64_t first_;
  std::int64_t next_;
  std::counting_semaphore<kSlots> slots_{kSlots};
  std::atomic<bool> power_failed_ = false;
  Ids acknowledged_;  // of the committer's thread until run() ends
};

struct Survivors {
  bool opens = false;
  bool is_sound = false;
  Ids items;
  Ids keys;
  std::int64_t tally = -1;
  std::int64_t bad_rows = -1;
};

constexpr Sql kIntegrity("PRAGMA integrity_check");
constexpr Sql kBadRows("SELECT count(*) FROM item_key WHERE note LIKE 'bad %'");

Ids as_set(const std::vector<std::int64_t>& ids) { return {ids.begin(), ids.end()}; }

/// The database in `folder` as a program finds it that starts once the power is back.
Survivors look_at(const TempFolder& folder) {
  Survivors found;
  const auto db = open_sqlite({.path = folder.file("test.db")});
  if (!db) return found;
  found.opens = true;
  (void)(*db)->read_now([&found](Connection& connection) {
    (void)connection.query(kIntegrity, {},
                           [&found](const Row& row) { found.is_sound = row.text(0) == "ok"; });
  });
  found.items = as_set(integers_now(**db, kAllItems));
  found.keys = as_set(integers_now(**db, kAllKeys));
  found.tally = integers_now(**db, kItemTally).at(0);
  found.bad_rows = integers_now(**db, kBadRows).at(0);
  return found;
}

struct Round {
  Ids acknowledged;
  Survivors survivors;

  Ids lost() const {
    Ids lost;
    std::ranges::set_difference(acknowledged, survivors.items, std::inserter(lost, lost.end()));
    return lost;
  }
};

void submit_until_the_cut(Database& db, std::uint64_t seed, Ids& acknowledged) {
  std::vector<std::unique_ptr<Submitter>> submitters;
  std::vector<std::thread> threads;
  for (int i = 0; i < kSubmitters; ++i) {
    submitters.push_back(
        std::make_unique<Submitter>(db, i + 1, seed + static_cast<std::uint64_t>(i)));
    threads.emplace_back(&Submitter::run, submitters.back().get());
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& submitter : submitters) {
    acknowledged.insert(submitter->acknowledged().begin(), submitter->acknowledged().end());
  }
}

Round run_round(std::uint64_t seed, PowerCutVfs::Sync sync) {
  std::mt19937_64 random(seed);
  const TempFolder before, after;
  PowerCutVfs disk({.seed = seed, .sync = sync});
  Round round;
  {
    auto db = open_sqlite(
        {.path = before.file("test.db"), .log_pages = 16 + random() % 64, .vfs = disk.name()});
    if (!db || !(*db)->migrate(kItemMigrations)) return round;
    disk.cut_at_step(1 + random() % 3000);
    submit_until_the_cut(**db, seed, round.acknowledged);
  }
  if (disk.write_survivors(after.path())) round.survivors = look_at(after);
  return round;
}

class PowerCut : public testing::TestWithParam<std::uint64_t> {};

TEST_P(PowerCut, KeepsAllThatWasAcknowledgedAndNothingHalf) {
  const Round round = run_round(GetParam(), PowerCutVfs::Sync::kHonest);
  ASSERT_TRUE(round.survivors.opens);
  EXPECT_TRUE(round.survivors.is_sound);
  EXPECT_THAT(round.lost(), IsEmpty());
  EXPECT_EQ(round.survivors.items, round.survivors.keys);
  EXPECT_EQ(round.survivors.tally, static_cast<std::int64_t>(round.survivors.items.size()));
  EXPECT_EQ(round.survivors.bad_rows, 0);
}
INSTANTIATE_TEST_SUITE_P(Seeds, PowerCut, testing::Range<std::uint64_t>(1, 49));

TEST(PowerCutTest, SomeRoundAcknowledgesHundreds) {
  std::size_t most = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    most = std::max(most, run_round(seed, PowerCutVfs::Sync::kHonest).acknowledged.size());
  }
  EXPECT_GE(most, 300U);
}

TEST(PowerCutTest, NoticesTheLossWhenTheDiskLiesAboutSyncs) {
  int rounds_with_loss = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Round round = run_round(seed, PowerCutVfs::Sync::kIgnored);
    if (!round.lost().empty() || !round.survivors.is_sound) ++rounds_with_loss;
  }
  EXPECT_GE(rounds_with_loss, 4);
}

class PowerCutAfterAFailedSync : public testing::TestWithParam<std::uint64_t> {};

TEST_P(PowerCutAfterAFailedSync, DoesNotBringBackWhatWasRefused) {
  const TempFolder before, after;
  PowerCutVfs disk({.seed = GetParam()});
  {
    auto db = open_sqlite({.path = before.file("test.db"), .vfs = disk.name()});
    ASSERT_TRUE(db && (*db)->migrate(kItemMigrations));
    disk.fail_syncs(1);
    InsertItem refused(1);
    ASSERT_FALSE((*db)->commit_now(refused));
    disk.cut_now();
  }
  ASSERT_TRUE(disk.write_survivors(after.path()));
  EXPECT_THAT(look_at(after).items, IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(Seeds, PowerCutAfterAFailedSync, testing::Range<std::uint64_t>(1, 17));

}  // namespace
}  // namespace flowsell::store
