#include "core/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace flowsell {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Numbers = Page<int, int>;

Numbers cut(std::vector<int> found, std::size_t limit, bool upwards = false) {
  Numbers page;
  page.upwards = upwards;
  page.rows = std::move(found);
  page.cut(limit, std::identity());
  return page;
}

TEST(Page, AsManyAsTheLimitAreAll) {
  const auto page = cut({9, 8}, 2);
  EXPECT_THAT(page.rows, ElementsAre(9, 8));
  EXPECT_FALSE(page.has_more);
}

TEST(Page, OneMoreThanTheLimitIsCutOffAndSaid) {
  const auto page = cut({9, 8, 7}, 2);
  EXPECT_THAT(page.rows, ElementsAre(9, 8));
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.next, 8);
}

TEST(Page, ReadUpwardsIsNewestFirstAndGoesOnAtItsNewest) {
  const auto page = cut({1, 2, 3}, 2, true);
  EXPECT_THAT(page.rows, ElementsAre(2, 1));
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.next, 2);
}

TEST(Page, OfNothingHasNoNext) {
  const auto page = cut({}, 2);
  EXPECT_THAT(page.rows, IsEmpty());
  EXPECT_EQ(page.next, std::nullopt);
}

}  // namespace
}  // namespace flowsell
