#include "graph_path.h"

#include <gtest/gtest.h>

#include <string>

namespace flowsell::graph_door {
namespace {

TEST(GraphPath, HasNodeEdgeAndRest) {
  const auto path = parse_path("/graph/v25.0/106/message_qrdls/ABC");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->version, "v25.0");
  EXPECT_EQ(path->node, "106");
  EXPECT_EQ(path->edge, "message_qrdls");
  EXPECT_EQ(path->rest, "ABC");
}

TEST(GraphPath, MayEndWithTheNode) {
  const auto path = parse_path("/graph/v9.1/106/");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->node, "106");
  EXPECT_TRUE(path->edge.empty());
}

TEST(GraphPath, NeedsNoVersion) {
  const auto path = parse_path("/graph/106/messages");
  ASSERT_TRUE(path);
  EXPECT_TRUE(path->version.empty());
  EXPECT_EQ(path->node, "106");
  EXPECT_EQ(path->edge, "messages");
  EXPECT_EQ(parse_path("/graph/v25/106")->node, "v25");
}

class NoGraphPath : public testing::TestWithParam<std::string_view> {};
TEST_P(NoGraphPath, IsRefused) { EXPECT_FALSE(parse_path(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Table, NoGraphPath,
                         testing::Values("/graph", "/graph/", "/graph/v25.0", "/graph/v25.0/",
                                         "/graph/v25.0//messages", "/graph//106",
                                         "/graph/v25.0/../106", "/graph/v25.0/106/..",
                                         "/graph/v25.0/106%2Fmessages",
                                         "/graph/v25.0/106/messages/1/2", "/v25.0/106"));

TEST(GraphPath, TooLongASegmentIsNone) {
  EXPECT_TRUE(parse_path("/graph/v25.0/" + std::string(200, '1')));
  EXPECT_FALSE(parse_path("/graph/v25.0/" + std::string(201, '1')));
}

}  // namespace
}  // namespace flowsell::graph_door
