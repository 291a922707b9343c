#include "whatsapp/graph_message.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "channel/message.h"
#include "compile.h"
#include "support.h"

namespace flowsell::whatsapp {
namespace {

const SenderId kSender = *SenderId::parse("snd_01h455vb4pex5vsknk084sn02q");

Result<GraphMessage> read(const std::string& body, GraphEdge edge = GraphEdge::kMessages) {
  TRY(const auto document, json::parse(body));
  return read_graph_message(document.root(), edge, kSender, 20);
}

std::string graph(const std::string& fields) {
  return R"({"messaging_product":"whatsapp","to":"+491510000001",)" + fields + "}";
}

GraphSend sent(const std::string& body, GraphEdge edge = GraphEdge::kMessages) {
  auto message = read(body, edge);
  EXPECT_TRUE(message) << (message ? "" : message.error().detail);
  return message ? std::get<GraphSend>(*std::move(message)) : GraphSend{};
}

Result<channel::OutboundMessage> parsed(const GraphSend& send) {
  TRY(const auto document, json::parse(send.request.reveal()));
  return channel::parse_message(document.root());
}

std::string fault_of(const Result<GraphMessage>& message) {
  if (message) return "none";
  if (message.error().fields.empty()) return message.error().detail;
  return message.error().fields.front().pointer + " " + message.error().fields.front().code;
}

/// What Meta's own examples show, as we write it: taken in by the door it goes out as it came.
std::vector<std::string> fixtures_of_sends() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(FIXTURES)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("send_") && !name.starts_with("send_read")) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

class GraphRoundTrip : public testing::TestWithParam<std::string> {};

TEST_P(GraphRoundTrip, GoesOutAsItCame) {
  const std::string body = fixture(GetParam());
  const bool is_marketing = body.find("product_policy") != std::string::npos ||
                            body.find("message_activity_sharing") != std::string::npos;
  const auto message =
      parsed(sent(body, is_marketing ? GraphEdge::kMarketing : GraphEdge::kMessages));
  ASSERT_TRUE(message) << message.error().detail;
  channel::CompileContext context;
  context.id = *MessageId::parse("msg_01h455vb4pex5vsknk084sn02q");
  context.context_provider_id = message->context;
  if (const auto* reaction = std::get_if<channel::Reaction>(&message->body))
    context.target_provider_id = reaction->message;
  const channel::SenderRoute route{.address = "1", .api_base = *http::Url::parse("https://a.b")};
  const auto request = compile_message(*message, context, route);
  ASSERT_TRUE(request);
  EXPECT_EQ(canonical(request->body), canonical(body));
}

INSTANTIATE_TEST_SUITE_P(Fixtures, GraphRoundTrip, testing::ValuesIn(fixtures_of_sends()),
                         [](const auto& param_info) {
                           return param_info.param.substr(0, param_info.param.find('.'));
                         });

TEST(GraphMessage, SaysItsSenderAndItsLife) {
  const auto message = parsed(sent(graph(R"("type":"text","text":{"body":"Hi"})")));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->from, kSender.str());
  EXPECT_EQ(message->ttl, std::chrono::seconds(20));
  EXPECT_EQ(message->to.view(), "+491510000001");
}

TEST(GraphMessage, WithoutATypeIsAText) {
  const auto message = parsed(sent(graph(R"("text":{"body":"Hi"})")));
  ASSERT_TRUE(message);
  EXPECT_TRUE(std::holds_alternative<channel::Text>(message->body));
}

TEST(GraphMessage, KeepsTheClientsOwnDataInMetadata) {
  const auto message =
      parsed(sent(graph(R"("text":{"body":"Hi"},"biz_opaque_callback_data":"order-42")")));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->metadata_json, R"({"biz_opaque_callback_data":"order-42"})");
}

TEST(GraphMessage, TakesAsMuchOfTheClientsDataAsMeta) {
  const auto of = [](std::size_t size) {
    return graph(R"("text":{"body":"Hi"},"biz_opaque_callback_data":")" + std::string(size, 'x') +
                 "\"");
  };
  EXPECT_TRUE(parsed(sent(of(512))));
  EXPECT_EQ(fault_of(read(of(513))), "/biz_opaque_callback_data too_long");
}

struct NumberCase {
  std::string_view name, given, contact;
};
constexpr NumberCase kNumbers[] = {
    {"Plus", "+491510000001", "491510000001"},
    {"Between", "+49 (151) 000-0001", "491510000001"},
    {"AsMetaAnswers", "491510000001", "491510000001"},
};
class GraphNumber : public testing::TestWithParam<NumberCase> {};
TEST_P(GraphNumber, IsReadAsMetaReadsIt) {
  const auto send = sent(R"({"messaging_product":"whatsapp","text":{"body":"Hi"},"to":")" +
                         std::string(GetParam().given) + "\"}");
  EXPECT_EQ(send.input, GetParam().given);
  EXPECT_EQ(send.contact, GetParam().contact);
  EXPECT_TRUE(parsed(send));
}
INSTANTIATE_TEST_SUITE_P(Table, GraphNumber, testing::ValuesIn(kNumbers),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(GraphMessage, ToNoCountryIsRefused) {
  const auto to = [](const std::string& text) {
    return fault_of(
        read(R"({"messaging_product":"whatsapp","text":{"body":"Hi"},"to":")" + text + "\"}"));
  };
  EXPECT_EQ(to("015112345678"), "/to invalid_format");
  EXPECT_EQ(to("12345"), "/to invalid_format");
  EXPECT_EQ(to("Ana"), "/to invalid_format");
  EXPECT_EQ(to("1234567890123456"), "/to invalid_format");
}

TEST(GraphMessage, ToAUserId) {
  const auto send = sent(
      R"({"messaging_product":"whatsapp","recipient":"DE.13491208655302741918","text":{"body":"Hi"}})");
  EXPECT_TRUE(send.is_user_id);
  EXPECT_EQ(send.contact, "DE.13491208655302741918");
  const auto message = parsed(send);
  ASSERT_TRUE(message);
  EXPECT_NE(message->to.user(), nullptr);
}

TEST(GraphMessage, TheNumberWinsOverTheUserId) {
  const auto send = sent(graph(R"("recipient":"DE.134912","text":{"body":"Hi"})"));
  EXPECT_FALSE(send.is_user_id);
  EXPECT_EQ(send.contact, "491510000001");
}

TEST(GraphMessage, ToAGroup) {
  const auto send = sent(
      R"({"messaging_product":"whatsapp","recipient_type":"group","to":"Y2FwaV9ncm91cDox","text":{"body":"Hi"}})");
  const auto message = parsed(send);
  ASSERT_TRUE(message);
  EXPECT_NE(message->to.group(), nullptr);
}

TEST(GraphMessage, IsLenientWhereMetaIs) {
  const auto message = parsed(sent(graph(
      R"("type":"template","context":null,"template":{"name":"t","language":{"policy":"deterministic","code":"de"},
         "components":[{"type":"BODY","parameters":[{"type":"TEXT","text":"Ana"}]},
                       {"type":"BUTTON","sub_type":"URL","index":"0","parameters":[{"type":"text","text":"x"}]}]})")));
  ASSERT_TRUE(message) << message.error().detail;
  const auto location = parsed(sent(
      graph(R"("type":"location","location":{"latitude":"52.5","longitude":13.4,"name":null})")));
  ASSERT_TRUE(location) << location.error().detail;
  EXPECT_EQ(std::get<channel::Location>(location->body).latitude, 52.5);
}

TEST(GraphMessage, KeepsTheNullsOfAFlow) {
  const auto send = sent(graph(
      R"("type":"interactive","interactive":{"type":"flow","body":{"text":"b"},"action":{"name":"flow",
         "parameters":{"flow_id":"1","flow_cta":"Go","flow_action":"navigate",
                       "flow_action_payload":{"screen":"S","data":{"a":null}}}}})"));
  EXPECT_NE(send.request.reveal().find(R"("data":{"a":null})"), std::string_view::npos);
}

TEST(GraphMessage, HasNoFieldsOfOurs) {
  for (const std::string name : {"from", "client_ref", "metadata", "ttl_seconds", "purpose"}) {
    EXPECT_EQ(fault_of(read(graph(R"("text":{"body":"Hi"},")" + name + R"(":"x")"))),
              "/" + name + " unknown_field");
  }
}

TEST(GraphMessage, WithoutItsProductIsRefused) {
  EXPECT_EQ(fault_of(read(R"({"to":"+491510000001","text":{"body":"Hi"}})")),
            "/messaging_product required");
  EXPECT_EQ(fault_of(read("[]")), "the body must be a JSON object");
}

TEST(GraphMessage, WithoutARecipientIsRefused) {
  EXPECT_EQ(fault_of(read(R"({"messaging_product":"whatsapp","text":{"body":"Hi"}})")),
            "/to required");
}

TEST(GraphMessage, OfMarketingGoesThatWay) {
  const std::string body =
      graph(R"("type":"template","template":{"name":"t","language":{"code":"de"}})");
  const auto message = parsed(sent(body, GraphEdge::kMarketing));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->product_policy, channel::ProductPolicy::kFallback);
  EXPECT_EQ(message->purpose, channel::Purpose::kMarketing);
  EXPECT_EQ(fault_of(read(graph(R"("text":{"body":"Hi"})"), GraphEdge::kMarketing)),
            "/type invalid_value");
  EXPECT_EQ(fault_of(read(graph(R"("product_policy":"STRICT","text":{"body":"Hi"})"))),
            "/product_policy not_allowed");
}

TEST(GraphMessage, MayBeAReceipt) {
  const auto message = read(
      R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN","typing_indicator":{"type":"text"}})");
  ASSERT_TRUE(message);
  const auto& receipt = std::get<GraphRead>(*message);
  EXPECT_EQ(receipt.message, "wamid.IN");
  EXPECT_TRUE(receipt.typing);
  EXPECT_EQ(fault_of(read(R"({"messaging_product":"whatsapp","status":"read"})")),
            "/message_id required");
}

}  // namespace
}  // namespace flowsell::whatsapp
