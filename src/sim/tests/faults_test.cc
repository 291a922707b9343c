#include <fmt/format.h>

#include "sim_fixture.h"

namespace flowsell::sim::test {
namespace {

class Fault : public Simulator {
 protected:
  void add(std::string_view rule) {
    const auto added = control("POST", "/_sim/faults", rule);
    ASSERT_EQ(added.status, 200) << added.body;
  }
  void add_next(std::string_view action) {
    add(fmt::format(R"({{"scope":"messages","when":{{"next":1}},"action":{}}})", action));
  }
};

TEST_F(Fault, GivesItsErrorToTheNextOnes) {
  add(R"({"when":{"next":2},"action":{"error":131056}})");
  EXPECT_EQ(code_of(send_text()), 131056);
  EXPECT_EQ(code_of(send_text()), 131056);
  EXPECT_EQ(send_text().status, 200);
}

TEST_F(Fault, GivesItsErrorToEveryThird) {
  add(R"({"when":{"every":3},"action":{"error":131000}})");
  EXPECT_EQ(send_text().status, 200);
  EXPECT_EQ(send_text().status, 200);
  EXPECT_EQ(send_text().status, 500);
  EXPECT_EQ(send_text().status, 200);
}

TEST_F(Fault, GivesItsErrorAlways) {
  add(R"({"when":{"always":true},"action":{"error":2}})");
  EXPECT_EQ(send_text().status, 503);
  EXPECT_EQ(send_text().status, 503);
}

TEST_F(Fault, MeetsItsRecipientOnly) {
  add(R"({"to":"+491510000002","when":{"next":1},"action":{"error":2}})");
  EXPECT_EQ(send_text("+491510000001").status, 200);
  EXPECT_EQ(send_text("+491510000002").status, 503);
}

TEST_F(Fault, IsNotSpentOnARequestThatFailsTheChecks) {
  add_next(R"({"error":2})");
  post("{}");
  EXPECT_EQ(send_text().status, 503);
}

TEST_F(Fault, AnswersWithAnotherBody) {
  add_next(R"({"http":503,"body":"<html>busy</html>"})");
  const auto answer = send_text();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "<html>busy</html>");
  EXPECT_EQ(answer.header("content-type"), "text/html; charset=utf-8");
}

TEST_F(Fault, AnswersWithAnErrorOfMetasShape) {
  add_next(R"({"http":502,"meta":true})");
  const auto answer = send_text();
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(code_of(answer), 2);
}

TEST_F(Fault, AnswersARateLimitWithTheTimeToWait) {
  add_next(R"({"rate_limit":true,"retry_after":90})");
  const auto answer = send_text();
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(code_of(answer), 80007);
  EXPECT_EQ(answer.header("retry-after"), "90");
  EXPECT_NE(
      answer.header("x-business-use-case-usage").find(R"("estimated_time_to_regain_access":2)"),
      std::string::npos);
}

TEST_F(Fault, DropsBeforeTheMessageIsTaken) {
  add_next(R"({"drop":"before"})");
  EXPECT_EQ(send_text().status, 0);
  EXPECT_EQ(stat("accepted"), 0);
}

TEST_F(Fault, DropsAfterTheMessageWasTaken) {
  add_next(R"({"drop":"after"})");
  EXPECT_EQ(send_text().status, 0);
  EXPECT_EQ(stat("accepted"), 1);
}

TEST_F(Fault, CutsTheAnswerInTheMiddle) {
  add_next(R"({"truncate":true})");
  EXPECT_FALSE(send_text().whole);
  EXPECT_EQ(stat("accepted"), 1);
}

TEST_F(Fault, AnswersGarbage) {
  add_next(R"({"garbage":true})");
  const auto answer = send_text();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.json().is_null());
  EXPECT_EQ(stat("accepted"), 1);
}

TEST_F(Fault, AnswersLate) {
  add_next(R"({"latency_ms":50})");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(send_text().status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(50));
}

TEST_F(Fault, OfReadsLeavesMessagesAlone) {
  add(R"({"scope":"reads","action":{"error":131000}})");
  EXPECT_EQ(send_text().status, 200);
  EXPECT_EQ(
      code_of(post(R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.A"})")),
      131000);
}

TEST_F(Fault, IsListedWithItsHits) {
  add_next(R"({"error":2})");
  send_text();
  const auto list = control("GET", "/_sim/faults").json();
  EXPECT_EQ(text_of(list, "/faults/0/hits"), "1");
  EXPECT_EQ(text_of(list, "/faults/0/id"), "1");
  EXPECT_EQ(text_of(list, "/faults/0/rule/action/error"), "2");
}

TEST_F(Fault, IsGoneAfterDelete) {
  add(R"([{"action":{"error":2}},{"action":{"error":4}}])");
  EXPECT_EQ(control("DELETE", "/_sim/faults").body, R"({"faults":[]})");
  EXPECT_EQ(send_text().status, 200);
}

TEST_F(Fault, IsGoneAfterReset) {
  add(R"({"action":{"error":2}})");
  control("POST", "/_sim/reset");
  EXPECT_EQ(send_text().status, 200);
}

TEST_F(Fault, OfAnUnknownActionIsRefusedWhole) {
  EXPECT_EQ(
      control("POST", "/_sim/faults", R"([{"action":{"error":2}},{"action":{"explode":true}}])")
          .status,
      400);
  EXPECT_EQ(send_text().status, 200);
}

}  // namespace
}  // namespace flowsell::sim::test
