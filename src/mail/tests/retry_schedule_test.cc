#include "retry_schedule.h"

#include <gtest/gtest.h>

namespace flowsell::mail {
namespace {

using namespace std::chrono_literals;

TEST(PauseAfter, GrowsToAnHour) {
  EXPECT_EQ(pause_after(1, 0.5), 15s);
  EXPECT_EQ(pause_after(2, 0.5), 1min);
  EXPECT_EQ(pause_after(3, 0.5), 5min);
  EXPECT_EQ(pause_after(4, 0.5), 15min);
  EXPECT_EQ(pause_after(5, 0.5), 30min);
  EXPECT_EQ(pause_after(6, 0.5), 1h);
  EXPECT_EQ(pause_after(7, 0.5), 1h);
  EXPECT_EQ(pause_after(1000, 0.5), 1h);
}

TEST(PauseAfter, IsSpreadByAFifth) {
  EXPECT_EQ(pause_after(2, 0.0), 48s);
  EXPECT_LT(pause_after(2, 0.999), 72s);
  EXPECT_GT(pause_after(2, 0.999), 71s);
}

TEST(PauseAfter, NumberOutOfRangeIsTheFirst) { EXPECT_EQ(pause_after(0, 0.5), 15s); }

}  // namespace
}  // namespace flowsell::mail
