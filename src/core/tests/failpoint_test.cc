#include "core/failpoint.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace flowsell {
namespace {

/// Passes the points named here in a process of its own; ends with 0 when it lives.
[[noreturn]] void pass(std::string_view armed, std::initializer_list<std::string_view> points) {
  if (!arm_failpoint(armed)) std::_Exit(2);
  for (const std::string_view point : points) failpoint(point);
  std::_Exit(0);
}

TEST(Failpoint, NothingHappensWhileNoneIsArmed) { failpoint("before_commit_1"); }

TEST(FailpointDeathTest, KillsAtTheFirstPass) {
  EXPECT_EXIT(pass("a", {"a"}), testing::KilledBySignal(SIGKILL), "");
}

TEST(FailpointDeathTest, KillsAtTheNumberedPassAndNotBefore) {
  EXPECT_EXIT(pass("a:3", {"a", "a"}), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(pass("a:3", {"a", "a", "a"}), testing::KilledBySignal(SIGKILL), "");
}

TEST(FailpointDeathTest, OtherPointsDoNotCount) {
  EXPECT_EXIT(pass("a", {"b", "ab", ""}), testing::ExitedWithCode(0), "");
}

TEST(Failpoint, TextOfAnotherFormIsRefused) {
  for (const std::string_view text :
       {"", ":1", "a:", "a:0", "a:-1", "a:x", "a:1x", "a:99999999999"}) {
    EXPECT_FALSE(arm_failpoint(text)) << text;
  }
}

}  // namespace
}  // namespace flowsell
