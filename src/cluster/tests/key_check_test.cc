#include "cluster/key_check.h"

#include <gtest/gtest.h>

#include "cluster/schema.h"
#include "testkit/database.h"

namespace flowsell::cluster {
namespace {

using testkit::code_of;

class KeyCheckTest : public testing::Test {
 protected:
  /// A key that knows the periods from `known_from` on. What is needed goes ten periods back.
  static SharedKey key(const std::string& secret, std::int64_t period,
                       std::int64_t known_from = 0) {
    return {"spool", period, period - 10, [=](std::int64_t asked) -> std::optional<std::string> {
              if (asked < known_from) return std::nullopt;
              return secret + std::to_string(asked);
            }};
  }
  Result<> check(const SharedKey& key) { return check_keys(*db_, {key}); }

  testkit::TempFolder folder_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
};

TEST_F(KeyCheckTest, FirstKeyIsTheRightOne) { EXPECT_TRUE(check(key("a", 100))); }

TEST_F(KeyCheckTest, SameKeyIsTakenInEveryPeriod) {
  ASSERT_TRUE(check(key("a", 100)));
  EXPECT_TRUE(check(key("a", 100)));
  EXPECT_TRUE(check(key("a", 105)));
  EXPECT_TRUE(check(key("a", 103)));
}

TEST_F(KeyCheckTest, OtherKeyIsRefused) {
  ASSERT_TRUE(check(key("a", 100)));
  EXPECT_EQ(code_of(check(key("b", 100))), ErrorCode::kConflict);
  EXPECT_EQ(code_of(check(key("b", 101))), ErrorCode::kConflict);
}

TEST_F(KeyCheckTest, KeyThatWasBegunLaterIsRefusedWhileTheOldOneIsNeeded) {
  ASSERT_TRUE(check(key("a", 100)));
  EXPECT_EQ(code_of(check(key("b", 110, /*known_from=*/110))), ErrorCode::kConflict);
}

TEST_F(KeyCheckTest, WhenNothingIsLeftThatTheOldOneSealedANewOneIsTaken) {
  ASSERT_TRUE(check(key("a", 100)));
  EXPECT_TRUE(check(key("b", 111, /*known_from=*/111)));
  EXPECT_EQ(code_of(check(key("a", 111))), ErrorCode::kConflict);
}

TEST_F(KeyCheckTest, CheckInALaterPeriodIsWhatTheNextOneMeets) {
  ASSERT_TRUE(check(key("a", 100)));
  ASSERT_TRUE(check(key("a", 200)));
  EXPECT_EQ(code_of(check(key("b", 205, /*known_from=*/205))), ErrorCode::kConflict);
}

TEST_F(KeyCheckTest, FaultNamesTheKeyAndWhatToDo) {
  ASSERT_TRUE(check(key("a", 100)));
  const auto refused = check(key("b", 100));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("'spool'"), std::string::npos);
  EXPECT_NE(refused.error().detail.find("copy master.key"), std::string::npos);
}

}  // namespace
}  // namespace flowsell::cluster
