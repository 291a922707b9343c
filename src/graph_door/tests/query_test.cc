#include "query.h"

#include <gtest/gtest.h>

namespace flowsell::graph_door {
namespace {

TEST(GraphQuery, IsReadAndWrittenAlike) {
  const auto read = parse_parameters("name=a%20b+c&&limit=2&empty=&bare");
  ASSERT_TRUE(read);
  EXPECT_EQ(parameters_text(*read), "name=a%20b%20c&limit=2&empty=&bare=");
}

TEST(GraphQuery, BrokenIsNone) { EXPECT_FALSE(parse_parameters("name=%zz")); }

TEST(GraphQuery, AProofOfTheClientsAppIsLeftOut) {
  const auto read = parse_parameters("appsecret_proof=ab&limit=2&appsecret_time=1");
  ASSERT_TRUE(read);
  EXPECT_EQ(parameters_text(*read), "limit=2");
}

class RefusedName : public testing::TestWithParam<std::string_view> {};
TEST_P(RefusedName, ReachesNoProvider) {
  EXPECT_TRUE(check_parameters({{std::string(GetParam()), "x"}}));
}
INSTANTIATE_TEST_SUITE_P(Table, RefusedName,
                         testing::Values("access_token", "ACCESS_TOKEN", "appsecret_proof", "batch",
                                         "callback_url", "id", "ids", "input_token", "method",
                                         "override_callback_uri", "verify_token",
                                         "webhook_configuration", "ids[0]", "method[]", " method",
                                         "access.token", "access token", "", "[0]"));

TEST(GraphQuery, PlainFieldsPass) {
  EXPECT_FALSE(check_parameters({{"fields", "id,name,qr_image_url.format(PNG)"}, {"limit", "5"}}));
}

TEST(GraphQuery, FieldsThatReadOnDoNot) {
  EXPECT_TRUE(check_parameters({{"fields", "owner_business_info{id}"}}));
  EXPECT_TRUE(check_parameters({{"Fields[0]", "owner_business_info{id}"}}));
  EXPECT_TRUE(check_parameters({{"fields", "owner_business_info.Fields(id)"}}));
  EXPECT_TRUE(check_parameter("fields", R"(["owner_business_info{id}"])"));
}

TEST(GraphQuery, FiguresOfATimePass) {
  EXPECT_FALSE(check_parameters({{"fields", "analytics.start(1).end(2).granularity(DAY)"}}));
}

}  // namespace
}  // namespace flowsell::graph_door
