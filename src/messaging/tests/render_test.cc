#include "messaging/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using enum channel::MessageStatus;

MessageRow a_row() {
  MessageRow row;
  row.kind = "text";
  row.contact = "+91••••••3210";
  row.status = kSent;
  row.created_at = *parse_time("2026-11-23T03:04:05.678Z");
  return row;
}

std::vector<std::string> history(const MessageRow& row) {
  const auto document = json::parse(render_message(row));
  std::vector<std::string> steps;
  for (const auto& step : document->root().as_object().at("status_history").as_array()) {
    steps.emplace_back(std::string_view(step.as_object().at("status").as_string()));
  }
  return steps;
}

TEST(RenderMessage, IsTheObjectOfTheContract) {
  const auto row = a_row();
  EXPECT_EQ(
      render_message(row),
      R"({"id":")" + row.id.str() +
          R"(","object":"message","direction":"outbound","status":"sent","type":"text","to":"+91••••••3210",)"
          R"("sender_id":")" +
          row.sender.str() +
          R"(","provider_message_id":null,"client_ref":null,"metadata":{},)"
          R"("created_at":"2026-11-23T03:04:05.678Z",)"
          R"("status_history":[{"status":"accepted","at":"2026-11-23T03:04:05.678Z"}]})");
}

TEST(RenderMessage, ShowsMetadataAsItCame) {
  auto row = a_row();
  row.metadata_json = R"({"order":"17"})";
  EXPECT_THAT(render_message(row), HasSubstr(R"("metadata":{"order":"17"})"));
}

TEST(RenderMessage, EscapesWhatTheCallerChose) {
  auto row = a_row();
  row.client_ref = "a\"b";
  EXPECT_THAT(render_message(row), HasSubstr(R"("client_ref":"a\"b")"));
}

TEST(RenderMessage, InboundHasASenderAndNoRecipient) {
  auto row = a_row();
  row.inbound = true;
  row.status = kReceived;
  EXPECT_THAT(render_message(row), HasSubstr(R"("from":"+91)"));
  EXPECT_THAT(render_message(row), Not(HasSubstr(R"("to":)")));
  EXPECT_THAT(history(row), ElementsAre("received"));
}

TEST(RenderMessage, HistoryIsInTheOrderOfTheWay) {
  auto row = a_row();
  row.sending_at = row.created_at;
  row.sent_at = row.created_at + 3s;
  row.delivered_at = row.created_at + 2s;  // the provider's clock counts in seconds
  row.read_at = row.created_at + 2s;
  EXPECT_THAT(history(row), ElementsAre("accepted", "sending", "sent", "delivered", "read"));
}

TEST(RenderMessage, ErrorShowsTheProvidersNumbers) {
  auto row = a_row();
  row.error = MessageError{"refused", 131026, 7, "trace-1", {}};
  const auto document = json::parse(render_message(row));
  const auto& error = document->root().as_object().at("error").as_object();
  EXPECT_EQ(error.at("code").as_string(), "refused");
  EXPECT_EQ(error.at("provider").as_object().at("code").as_int64(), 131026);
  EXPECT_EQ(error.at("provider").as_object().at("subcode").as_int64(), 7);
  EXPECT_EQ(error.at("provider").as_object().at("trace_id").as_string(), "trace-1");
}

TEST(RenderMessage, ErrorOfOursNamesNoProvider) {
  auto row = a_row();
  row.error = MessageError{.code = "message_expired"};
  EXPECT_THAT(render_message(row), Not(HasSubstr("provider\":{")));
}

TEST(RenderMessage, ProvidersWordsAreShownWhereTheyAreAtHand) {
  auto row = a_row();
  row.error = MessageError{.code = "refused"};
  EXPECT_THAT(render_message(row, "its words"), HasSubstr(R"("detail":"its words")"));
  EXPECT_THAT(render_message(row), Not(HasSubstr("detail")));
}

TEST(RenderEventBody, IsTheInsideOfAnObject) {
  EXPECT_TRUE(json::parse("{" + render_event_body(a_row()) + "}"));
}

TEST(EventOf, EveryStatusHasAnEventOfItsName) {
  for (const auto status :
       {kAccepted, kSending, kUnknown, kSent, kFailed, kDelivered, kRead, kReceived}) {
    EXPECT_EQ(webhook::event_type_name(event_of(status)),
              "message." + std::string(channel::status_name(status)));
  }
}

}  // namespace
}  // namespace flowsell::messaging
