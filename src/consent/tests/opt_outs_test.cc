#include "consent/opt_outs.h"

#include <gtest/gtest.h>

#include "consent/schema.h"
#include "testkit/database.h"

namespace flowsell::consent {
namespace {

using namespace std::chrono_literals;

class OptOuts : public testing::Test {
 protected:
  OptOuts() {
    key_.workspace = ids_.next<IdKind::kWorkspace>();
    key_.sender = ids_.next<IdKind::kSender>();
    key_.contact[0] = 7;
  }
  ~OptOuts() override { db_->stop(); }
  void choose(const OptOutKey& key, bool stopped, Time at) {
    const auto stored = testkit::write(
        *db_, [&](store::Connection& db) { return record_choice(db, key, stopped, at); });
    ASSERT_TRUE(stored) << stored.error().detail;
  }
  bool has(const OptOutKey& key) {
    return testkit::in_snapshot(*db_,
                                [&](store::Connection& db) { return has_opted_out(db, key); });
  }

  testkit::TempFolder folder_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  OptOutKey key_;
  Time now_ = from_unix_ms(1'795'000'000'000);
};

TEST_F(OptOuts, WhoNeverChoseHasNotOptedOut) { EXPECT_FALSE(has(key_)); }

TEST_F(OptOuts, StopHoldsUntilItIsTakenBack) {
  choose(key_, true, now_);
  EXPECT_TRUE(has(key_));
  choose(key_, false, now_ + 1s);
  EXPECT_FALSE(has(key_));
}

TEST_F(OptOuts, OlderChoiceThatComesLateChangesNothing) {
  choose(key_, false, now_);
  choose(key_, true, now_ - 1s);
  EXPECT_FALSE(has(key_));
}

TEST_F(OptOuts, IsOfOneSenderOneContactAndOneWorkspace) {
  choose(key_, true, now_);
  OptOutKey other = key_;
  other.sender = ids_.next<IdKind::kSender>();
  EXPECT_FALSE(has(other));
  other = key_;
  other.contact[0] = 8;
  EXPECT_FALSE(has(other));
  other = key_;
  other.workspace = ids_.next<IdKind::kWorkspace>();
  EXPECT_FALSE(has(other));
}

}  // namespace
}  // namespace flowsell::consent
