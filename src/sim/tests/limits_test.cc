#include <fmt/format.h>

#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

/// Where Meta's limits on sends hold.
class WithLimits : public Graph {
 protected:
  void SetUp() override {
    Graph::SetUp();
    control("POST", "/_sim/settings", R"({"limits":true})");
  }
};

TEST_F(WithLimits, RefusesOnePersonAfterABurst) {
  for (int i = 0; i < 45; ++i) {
    EXPECT_EQ(send_text().status, 200) << i;
  }
  EXPECT_EQ(code_of(send_text()), 131056);
  EXPECT_EQ(send_text("+491510000002").status, 200);
}

TEST_F(WithLimits, TakesOneMoreEverySixSeconds) {
  for (int i = 0; i < 46; ++i) send_text();
  advance(12);
  EXPECT_EQ(send_text().status, 200);
  advance(45 * 6);
  EXPECT_EQ(send_text().status, 200);
}

TEST_F(WithLimits, FailsThePersonBeyondTheTier) {
  control("POST", "/_sim/businesses", R"({"tier":"TIER_250"})");
  for (int i = 0; i <= 250; ++i) {
    if (i % 50 == 0) advance(2);
    EXPECT_EQ(send_text(fmt::format("+49151{:07}", i)).status, 200);
  }
  std::vector<std::string> failed;
  for (const auto& status : sink_.wait_for_statuses(250 * 3 + 1)) {
    if (text_of(status, "/status") == "failed") failed.push_back(text_of(status, "/errors/0/code"));
  }
  EXPECT_EQ(failed, std::vector<std::string>{"131049"});
}

TEST_F(WithLimits, RefusesMoreThanTheNumbersThroughput) {
  control("POST", "/_sim/phones", R"({"set":{"is_on_biz_app":true}})");
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    if (code_of(send_text(fmt::format("+49151{:07}", i))) == 130429) ++refused;
  }
  // 200 sends never take the ten seconds that 200 may.
  EXPECT_GT(refused, 0);
}

TEST_F(WithLimits, RefusesManagementCallsBeyondAnHoursNumber) {
  const auto account = at(control("POST", "/_sim/accounts", R"({"name":"New"})"), "/id");
  for (int i = 0; i < 200; ++i) EXPECT_EQ(get(account).status, 200) << i;
  const auto answer = get(account);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(code_of(answer), 80007);
  EXPECT_NE(answer.header("x-business-use-case-usage").find("estimated_time_to_regain_access\":60"),
            std::string::npos);
  advance(3600);
  EXPECT_EQ(get(account).status, 200);
}

TEST_F(Graph, HasNoLimitsAtTheStart) {
  for (int i = 0; i < 60; ++i) EXPECT_EQ(send_text().status, 200);
}

}  // namespace
}  // namespace flowsell::sim::test
