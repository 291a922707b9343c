#include "key_run.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "key_merge.h"
#include "metering/metering.h"
#include "testkit/database.h"

namespace flowsell::metering {
namespace {

KeyHash random_hash() {
  KeyHash hash;
  fill_random(hash);
  return hash;
}

std::vector<KeyEntry> random_entries(std::size_t count) {
  std::vector<KeyEntry> entries(count);
  for (KeyEntry& entry : entries) entry = {random_hash(), random_hash(), random_hash()};
  std::ranges::sort(entries);
  return entries;
}

TEST(KeyFilter, HoldsAllThatWereAdded) {
  const auto entries = random_entries(10'000);
  KeyFilter filter(entries.size());
  for (const KeyEntry& entry : entries) filter.add(entry.key);
  EXPECT_TRUE(std::ranges::all_of(
      entries, [&](const KeyEntry& entry) { return filter.may_hold(entry.key); }));
}

TEST(KeyFilter, HoldsFewOfTheOthers) {
  const auto entries = random_entries(10'000);
  KeyFilter filter(entries.size());
  for (const KeyEntry& entry : entries) filter.add(entry.key);
  int wrong = 0;
  for (int i = 0; i < 100'000; ++i) wrong += filter.may_hold(random_hash()) ? 1 : 0;
  EXPECT_LT(wrong, 1'000);
}

TEST(KeyFilter, IsReadBackAsItWas) {
  const auto entries = random_entries(100);
  KeyFilter filter(entries.size());
  for (const KeyEntry& entry : entries) filter.add(entry.key);
  EXPECT_EQ(KeyFilter::of_bytes(filter.bytes()).bytes(), filter.bytes());
}

TEST(KeyFilter, OfNothingHoldsNothing) { EXPECT_FALSE(KeyFilter().may_hold(random_hash())); }

class KeyRunTest : public testing::TestWithParam<std::size_t> {
 protected:
  ~KeyRunTest() override { db_->stop(); }

  KeyRunPtr write(const std::vector<KeyEntry>& entries, std::int64_t number = 1) {
    return testkit::in_transaction(*db_, [&](store::Connection& db) -> Result<KeyRunPtr> {
      KeyRunWriter out(number, 0, 20'000, entries.size());
      for (const KeyEntry& entry : entries) CHECK_OK(out.add(db, entry));
      return out.finish(db);
    });
  }
  std::optional<KeyEntry> find(const KeyRun& run, const KeyHash& key) {
    return testkit::in_transaction(
        *db_, [&](store::Connection& db) { return find_in_run(db, run, key); });
  }
  std::vector<KeyEntry> read(const KeyRun& run) {
    return testkit::in_transaction(*db_,
                                   [&](store::Connection& db) -> Result<std::vector<KeyEntry>> {
                                     std::vector<KeyEntry> out;
                                     KeyRunReader in(run);
                                     while (true) {
                                       TRY(const KeyEntry* entry, in.peek(db));
                                       if (entry == nullptr) return out;
                                       out.push_back(*entry);
                                       in.pop();
                                     }
                                   });
  }

  testkit::TempFolder folder_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
};

TEST_P(KeyRunTest, FindsEachOfItsKeys) {
  const auto entries = random_entries(GetParam());
  const auto run = write(entries);
  for (const KeyEntry& entry : entries) ASSERT_EQ(find(*run, entry.key), entry);
}

TEST_P(KeyRunTest, IsReadInOrder) {
  const auto entries = random_entries(GetParam());
  EXPECT_EQ(read(*write(entries)), entries);
}

// One part holds 84 entries.
INSTANTIATE_TEST_SUITE_P(Sizes, KeyRunTest, testing::Values(1, 83, 84, 85, 168, 1000));

TEST_F(KeyRunTest, FindsNoOther) {
  const auto run = write(random_entries(1000));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(find(*run, random_hash()), std::nullopt);
}

TEST_F(KeyRunTest, FindsKeysWithOneHeadInSeveralParts) {
  auto entries = random_entries(400);
  for (std::size_t i = 50; i < 350; ++i)
    std::copy_n(entries[50].key.begin(), 8, entries[i].key.begin());
  std::ranges::sort(entries);
  const auto run = write(entries);
  for (const KeyEntry& entry : entries) ASSERT_EQ(find(*run, entry.key), entry);
}

TEST_F(KeyRunTest, AllRunsAreReadBack) {
  const auto entries = random_entries(200);
  write(entries, 1);
  write(random_entries(10), 2);
  const auto runs =
      testkit::in_transaction(*db_, [](store::Connection& db) { return read_runs(db); });
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(read(*runs[0]), entries);
  EXPECT_EQ(find(*runs[0], entries[100].key), entries[100]);
}

TEST_F(KeyRunTest, MergeHasTheEntriesOfAll) {
  auto all = random_entries(300);
  std::vector<std::vector<KeyEntry>> pieces(3);
  for (std::size_t i = 0; i < all.size(); ++i) pieces[i % 7 % 3].push_back(all[i]);
  std::vector<KeyRunPtr> runs;
  std::vector<const KeyRun*> sources;
  for (const auto& piece : pieces) {
    runs.push_back(write(piece, static_cast<std::int64_t>(runs.size()) + 1));
    sources.push_back(runs.back().get());
  }
  KeyMerge merge(4, sources);
  KeyRunPtr merged;
  while (!merged) {
    merged =
        testkit::in_transaction(*db_, [&](store::Connection& db) { return merge.step(db, 17); });
  }
  EXPECT_EQ(read(*merged), all);
  EXPECT_EQ(merged->level, 1);
}

TEST_F(KeyRunTest, PartsOfARunThatWasNotFinishedAreOrphans) {
  const auto kept = write(random_entries(100), 1);
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) -> Result<> {
    KeyRunWriter out(5, 1, 20'000, 500);
    for (const KeyEntry& entry : random_entries(500)) CHECK_OK(out.add(db, entry));
    return {};
  }));
  std::vector<KeyRunPtr> runs =
      testkit::in_transaction(*db_, [](store::Connection& db) { return read_runs(db); });
  const auto orphans = testkit::in_transaction(
      *db_, [&](store::Connection& db) { return orphaned_parts(db, runs); });
  ASSERT_EQ(orphans.size(), 1U);
  EXPECT_EQ(run_of_part(orphans[0].first), 5);
  EXPECT_EQ(orphans[0].last - orphans[0].first + 1, 5);
}

struct MergeCase {
  const char* name;
  std::vector<std::pair<std::int64_t, int>> runs;  ///< day and level
  std::size_t merged;
};
class RunsToMerge : public testing::TestWithParam<MergeCase> {};

TEST_P(RunsToMerge, AreAsTheTableSays) {
  std::vector<KeyRunPtr> runs;
  for (const auto& [day, level] : GetParam().runs) {
    runs.push_back(std::make_unique<KeyRun>());
    runs.back()->day = day;
    runs.back()->level = level;
  }
  EXPECT_EQ(runs_to_merge(runs, 2).size(), GetParam().merged);
}

using Runs = std::vector<std::pair<std::int64_t, int>>;
const MergeCase kMergeCases[] = {
    {"None", {}, 0},
    {"Seven", Runs(7, {2, 0}), 0},
    {"Eight", Runs(8, {2, 0}), 8},
    {"Nine", Runs(9, {2, 0}), 8},
    {"EightOfTheTopmostLevel", Runs(8, {2, 3}), 0},
    {"EightOfTheTopmostLevelOfADayThatIsOver", Runs(8, {1, 3}), 0},
    {"TwoLevels", {{2, 0}, {2, 0}, {2, 0}, {2, 0}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}, 0},
    {"TwoDays", {{1, 0}, {1, 0}, {1, 0}, {1, 0}, {2, 0}, {2, 0}, {2, 0}, {2, 0}}, 0},
    {"AllLevelsOfADayThatIsOver",
     {{1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 1}, {1, 1}, {1, 2}, {1, 2}, {2, 0}},
     8},
};
INSTANTIATE_TEST_SUITE_P(Table, RunsToMerge, testing::ValuesIn(kMergeCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::metering
