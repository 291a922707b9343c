// What our side lets through, the simulator takes. Neither knows the other's code: the adapter
// checks and compiles, the simulator reads the bytes.
#include <gtest/gtest.h>

#include <map>

#include "channel/message.h"
#include "generator.h"
#include "json/json.h"
#include "send_request.h"
#include "whatsapp/adapter.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kMessages = 4'000;

struct Tally {
  std::map<std::string, std::size_t, std::less<>> taken;  ///< by kind
  std::size_t refused = 0;                                ///< by our side
};

/// "interactive carousel", "text".
std::string kind_of(const channel::OutboundMessage& message) {
  std::string name(channel::kind_name(message.body));
  if (const auto* interactive = std::get_if<channel::Interactive>(&message.body))
    name.append(" ").append(channel::interactive_name(interactive->action));
  return name;
}

void require_agreement(const std::string& body, Tally& tally) {
  static const auto adapter = whatsapp::make_adapter();
  static const channel::SenderRoute route{
      .address = "106540352242922",
      .api_base = http::Url::parse("https://graph.facebook.com/v25.0").value()};
  const auto document = json::parse(body);
  ASSERT_TRUE(document) << document.error().detail << "\n" << body;
  const auto message = channel::parse_message(document->root());
  ASSERT_TRUE(message) << message.error().fields.at(0).pointer << " " << message.error().detail
                       << "\n"
                       << body;
  if (!adapter->check(*message)) {
    ++tally.refused;
    return;
  }
  channel::CompileContext context;
  context.id = MessageId::parse("msg_01h455vb4pex5vsknk084sn02q").value();
  context.context_provider_id = message->context;
  context.target_provider_id = "wamid.TARGET";
  const auto request = adapter->compile(*message, context, route);
  ASSERT_TRUE(request) << body;
  const auto sent = json::parse(request->body);
  ASSERT_TRUE(sent) << request->body;
  const auto edge = request->url.target.ends_with("/marketing_messages")
                        ? SendEdge::kMarketingMessages
                        : SendEdge::kMessages;
  const auto taken = check_send_request(sent->root(), "49", edge);
  ASSERT_TRUE(taken) << taken.error().code << " " << taken.error().details << "\n" << request->body;
  ++tally.taken[kind_of(*message)];
}

class Agreement : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Agreement, WhatPassesOurChecksIsTaken) {
  MessageGenerator generator(GetParam());
  Tally tally;
  for (std::size_t i = 0; i < kMessages && !HasFatalFailure(); ++i)
    require_agreement(generator.message(), tally);
  // Else the property would hold for want of messages.
  EXPECT_EQ(tally.taken.size(), 10U + 15U);
  for (const auto& [kind, count] : tally.taken) EXPECT_GT(count, 10U) << kind;
  EXPECT_GT(tally.refused, kMessages / 50);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Agreement, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace flowsell::sim
