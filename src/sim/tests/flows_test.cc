#include <fmt/format.h>

#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

constexpr std::string_view kFlow = "900100200300";

class Flows : public Graph {
 protected:
  RawAnswer set(std::string_view status, std::string_view more = "") const {
    return control("POST", "/_sim/flows",
                   fmt::format(R"({{"id":"{}","status":"{}"{}}})", kFlow, status, more));
  }
  RawAnswer send_message(std::string_view flow = kFlow) const {
    return post(fmt::format(
        R"({{"messaging_product":"whatsapp","to":"+491510000001","type":"interactive",)"
        R"("interactive":{{"type":"flow","body":{{"text":"Book"}},"action":{{"name":"flow",)"
        R"("parameters":{{"flow_message_version":"3","flow_id":"{}","flow_cta":"Book"}}}}}}}})",
        flow));
  }
  RawAnswer send_template() const {
    return post(R"({"messaging_product":"whatsapp","to":"+491510000001","type":"template",)"
                R"("template":{"name":"book","language":{"code":"en_US"}}})");
  }
  void make_book() const {
    make_template(fmt::format(
        R"({{"name":"book","language":"en_US","category":"UTILITY","components":[)"
        R"({{"type":"BODY","text":"Book a table with us"}},{{"type":"BUTTONS","buttons":[)"
        R"({{"type":"FLOW","text":"Book","flow_id":"{}"}}]}}]}})",
        kFlow));
  }
};

TEST_F(Flows, ABlockedOneIsNotSent) {
  make_book();
  EXPECT_EQ(send_message().status, 200);
  ASSERT_EQ(set("BLOCKED").status, 200);
  EXPECT_EQ(code_of(send_message()), 132068);
  EXPECT_EQ(code_of(send_template()), 132068);
  EXPECT_EQ(send_message("1").status, 200);
  set("PUBLISHED");
  EXPECT_EQ(send_message().status, 200);
  EXPECT_EQ(send_template().status, 200);
}

TEST_F(Flows, ADeprecatedOneIsNotSent) {
  set("DEPRECATED");
  EXPECT_EQ(code_of(send_message()), 132068);
}

TEST_F(Flows, AThrottledOneGoesTenTimesAnHour) {
  set("THROTTLED");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(send_message().status, 200);
  EXPECT_EQ(code_of(send_message()), 132069);
  advance(3600);
  EXPECT_EQ(send_message().status, 200);
}

TEST_F(Flows, AChangeIsTold) {
  set("THROTTLED");
  const auto value = told("flows");
  EXPECT_EQ(text_of(value, "/event"), "FLOW_STATUS_CHANGE");
  EXPECT_EQ(text_of(value, "/flow_id"), kFlow);
  EXPECT_EQ(text_of(value, "/old_status"), "PUBLISHED");
  EXPECT_EQ(text_of(value, "/new_status"), "THROTTLED");
}

TEST_F(Flows, CanBeReadAndOnlyByWhoMayManage) {
  set("BLOCKED");
  EXPECT_EQ(at(get(fmt::format("{}?fields=id,status", kFlow)), "/status"), "BLOCKED");
  EXPECT_EQ(get("900100200301?fields=id,status").status, 400);
}

TEST_F(Flows, AStatusThatThereIsNotIsRefused) { EXPECT_EQ(set("BUSY").status, 400); }

}  // namespace
}  // namespace flowsell::sim::test
