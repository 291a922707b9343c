#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

namespace flowsell {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

Bytes drawn() {
  Bytes bytes{};
  fill_random(bytes);
  return bytes;
}

TEST(FillRandom, NothingComesTwiceOnAnyThread) {
  std::vector<std::vector<Bytes>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&mine] {
        for (int i = 0; i < 1000; ++i) mine.push_back(drawn());
      });
    }
  }
  std::set<Bytes> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 4000U);
}

class FillRandomSize : public testing::TestWithParam<std::size_t> {};
TEST_P(FillRandomSize, ReachesTheLastByteAndNoFurther) {
  bool last_changed = false;
  for (int i = 0; i < 64; ++i) {
    std::vector<std::uint8_t> bytes(GetParam() + 1, 0);
    fill_random(std::span(bytes).first(GetParam()));
    last_changed = last_changed || bytes[GetParam() - 1] != 0;
    ASSERT_EQ(bytes.back(), 0);
  }
  EXPECT_TRUE(last_changed);
}
INSTANTIATE_TEST_SUITE_P(AroundTheBlock, FillRandomSize,
                         testing::Values(1, 127, 128, 129, 511, 512, 513));

TEST(FillRandom, EmptyRequestIsFine) { fill_random({}); }

TEST(RandomUnit, StaysBelowOneAndSpreads) {
  double low = 1;
  double high = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double unit = random_unit();
    ASSERT_TRUE(unit >= 0 && unit < 1);
    low = std::min(low, unit);
    high = std::max(high, unit);
  }
  EXPECT_LT(low, 0.01);
  EXPECT_GT(high, 0.99);
}

}  // namespace
}  // namespace flowsell
