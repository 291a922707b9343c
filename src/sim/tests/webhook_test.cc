#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <iterator>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "sim_fixture.h"
#include "webhook_json.h"

namespace flowsell::sim::test {
namespace {

using Names = std::vector<std::string>;

Names names_of(const std::vector<boost::json::object>& statuses) {
  Names names;
  for (const auto& status : statuses) names.push_back(text_of(status, "/status"));
  return names;
}

TEST(MetaEscape, WritesNonAsciiInLowerCaseHex) {
  EXPECT_EQ(escape_as_meta(R"("ü")"), R"("\u00fc")");
}
TEST(MetaEscape, WritesThreeByteCharacters) { EXPECT_EQ(escape_as_meta("\"€\""), R"("\u20ac")"); }
TEST(MetaEscape, WritesSurrogatePairs) { EXPECT_EQ(escape_as_meta("\"👍\""), R"("\ud83d\udc4d")"); }
TEST(MetaEscape, EscapesSlashes) { EXPECT_EQ(escape_as_meta(R"("a/b")"), R"("a\/b")"); }
TEST(MetaEscape, LeavesEscapesAsTheyAre) {
  EXPECT_EQ(escape_as_meta(R"("a\/b\\/")"), R"("a\/b\\\/")");
}

TEST_F(SimulatorWithWebhooks, TellSentDeliveredReadInOrder) {
  send_text();
  EXPECT_EQ(names_of(sink_.wait_for_statuses(3)), (Names{"sent", "delivered", "read"}));
}

TEST_F(SimulatorWithWebhooks, KeepTheOrderWithoutBatching) {
  control("POST", "/_sim/settings", R"({"batching":false})");
  send_text();
  EXPECT_EQ(names_of(sink_.wait_for_statuses(3)), (Names{"sent", "delivered", "read"}));
  EXPECT_EQ(sink_.wait_for(3).size(), 3U);
}

TEST_F(SimulatorWithWebhooks, SignTheBytesThatTheySend) {
  send_text();
  const auto post = sink_.wait_for(1).at(0);
  EXPECT_EQ(post.signature, "sha256=" + hex_encode(crypto::hmac_sha256(kAppSecret, {post.body})));
  EXPECT_EQ(post.content_type, "application/json");
}

TEST_F(SimulatorWithWebhooks, HaveMetasEnvelope) {
  send_text();
  const auto body = boost::json::parse(sink_.wait_for(1).at(0).body);
  EXPECT_EQ(text_of(body, "/object"), "whatsapp_business_account");
  EXPECT_EQ(text_of(body, "/entry/0/id"), "102290129340398");
  EXPECT_EQ(text_of(body, "/entry/0/changes/0/field"), "messages");
  EXPECT_EQ(text_of(body, "/entry/0/changes/0/value/metadata/phone_number_id"), "106540352242922");
  EXPECT_EQ(text_of(body, "/entry/0/changes/0/value/contacts/0/wa_id"), "491510000001");
}

TEST_F(SimulatorWithWebhooks, EchoWhatTheMessageCarried) {
  const auto id = text_of(send_text().json(), "/messages/0/id");
  const auto sent = sink_.wait_for_statuses(1).at(0);
  EXPECT_EQ(text_of(sent, "/id"), id);
  EXPECT_EQ(text_of(sent, "/recipient_id"), "491510000001");
  EXPECT_TRUE(text_of(sent, "/recipient_user_id").starts_with("DE."));
  EXPECT_EQ(text_of(sent, "/biz_opaque_callback_data"), "msg_1");
  EXPECT_EQ(text_of(sent, "/pricing/pricing_model"), "PMP");
  EXPECT_EQ(text_of(sent, "/conversation"), "(absent)");
}

TEST_F(SimulatorWithWebhooks, NameTheGroupAndNoPerson) {
  post(
      R"({"messaging_product":"whatsapp","recipient_type":"group","to":"Y2FwaQ","text":{"body":"x"}})");
  const auto body = boost::json::parse(sink_.wait_for(1).at(0).body);
  constexpr std::string_view kStatus = "/entry/0/changes/0/value/statuses/0";
  EXPECT_EQ(text_of(body, fmt::format("{}/recipient_id", kStatus)), "Y2FwaQ");
  EXPECT_EQ(text_of(body, fmt::format("{}/recipient_type", kStatus)), "group");
  EXPECT_EQ(text_of(body, fmt::format("{}/recipient_user_id", kStatus)), "(absent)");
  EXPECT_EQ(text_of(body, "/entry/0/changes/0/value/contacts/0"), "(absent)");
}

TEST_F(SimulatorWithWebhooks, FailInsteadOfSending) {
  send_text("+1555131047");
  const auto failed = sink_.wait_for_statuses(1).at(0);
  EXPECT_EQ(text_of(failed, "/status"), "failed");
  EXPECT_EQ(text_of(failed, "/errors/0/code"), "131047");
  EXPECT_EQ(text_of(failed, "/errors/0/title"), text_of(failed, "/errors/0/message"));
  EXPECT_EQ(text_of(failed, "/pricing"), "(absent)");
}

TEST_F(SimulatorWithWebhooks, FailAfterSending) {
  send_text("+1555131026");
  EXPECT_EQ(names_of(sink_.wait_for_statuses(2)), (Names{"sent", "failed"}));
}

TEST_F(SimulatorWithWebhooks, NeverTellDelivery) {
  control("POST", "/_sim/settings", R"({"batching":false})");
  send_text("+15559990001");
  EXPECT_EQ(names_of(sink_.wait_for_statuses(1)), (Names{"sent"}));
  send_text("+491510000001");  // told later than what would have followed
  EXPECT_EQ(names_of(sink_.wait_for_statuses(4)), (Names{"sent", "sent", "delivered", "read"}));
}

TEST_F(SimulatorWithWebhooks, TellReadWithoutDelivered) {
  send_text("+15559990002");
  const auto statuses = sink_.wait_for_statuses(2);
  EXPECT_EQ(names_of(statuses), (Names{"sent", "read"}));
  EXPECT_EQ(text_of(statuses.at(1), "/pricing/pricing_model"), "PMP");
}

TEST_F(SimulatorWithWebhooks, TellEachStatusTwice) {
  send_text("+15559990003");
  EXPECT_EQ(names_of(sink_.wait_for_statuses(6)),
            (Names{"sent", "sent", "delivered", "delivered", "read", "read"}));
}

TEST_F(SimulatorWithWebhooks, TellStatusesInReverse) {
  send_text("+15559990004");
  EXPECT_EQ(names_of(sink_.wait_for_statuses(3)), (Names{"read", "delivered", "sent"}));
}

TEST_F(SimulatorWithWebhooks, TellNothingWhenSwitchedOff) {
  control("POST", "/_sim/settings", R"({"send_statuses":false})");
  send_text();
  EXPECT_EQ(stat("webhooks_waiting"), 0);
}

TEST_F(SimulatorWithWebhooks, AreTriedAgainUntilTaken) {
  sink_.answer_with({500, 503, 200});
  send_text();
  const auto posts = sink_.wait_for(3);
  ASSERT_EQ(posts.size(), 3U);
  EXPECT_EQ(posts[0].body, posts[2].body);
}

TEST_F(SimulatorWithWebhooks, GoTogetherWhenDueTogether) {
  control("POST", "/_sim/inbound", R"({"from":"+4915100001","count":1500,"text":{"body":"x"}})");
  std::size_t most = 0;
  std::size_t all = 0;
  for (std::size_t posts = 1; all < 1500 && posts <= 1500; ++posts) {
    const auto body = boost::json::parse(sink_.wait_for(posts).at(posts - 1).body);
    most = std::max(most, body.at("entry").as_array().size());
    all += body.at("entry").as_array().size();
  }
  EXPECT_EQ(all, 1500U);
  EXPECT_GT(most, 1U);
  EXPECT_LE(most, 1000U);
}

TEST_F(SimulatorWithWebhooks, ForgetWhatWaitsOnReset) {
  control("POST", "/_sim/settings", R"({"sent_after_ms":60000})");
  send_text();
  EXPECT_EQ(stat("webhooks_waiting"), 1);
  control("POST", "/_sim/reset");
  EXPECT_EQ(stat("webhooks_waiting"), 0);
}

TEST_F(SimulatorWithWebhooks, BringWhatCustomersWrite) {
  const auto answer = control(
      "POST", "/_sim/inbound",
      R"({"from":"+4915100001","type":"text","text":{"body":"Grüße / 👍"},"profile_name":"Änne"})");
  const auto post = sink_.wait_for(1).at(0);
  EXPECT_NE(post.body.find(R"(Gr\u00fc\u00dfe \/ \ud83d\udc4d)"), std::string::npos);
  const auto body = boost::json::parse(post.body);
  const std::string value = "/entry/0/changes/0/value";
  EXPECT_EQ(text_of(body, value + "/messages/0/id"), text_of(answer.json(), "/id"));
  EXPECT_EQ(text_of(body, value + "/messages/0/from"), "4915100001");
  EXPECT_EQ(text_of(body, value + "/messages/0/text/body"), "Grüße / 👍");
  EXPECT_EQ(text_of(body, value + "/contacts/0/profile/name"), "Änne");
  EXPECT_EQ(text_of(body, value + "/metadata/display_phone_number"), "15550783881");
}

TEST_F(SimulatorWithWebhooks, BringACustomerWithoutANumber) {
  control("POST", "/_sim/inbound", R"({"user_id":"US.1349","text":{"body":"x"}})");
  const auto body = boost::json::parse(sink_.wait_for(1).at(0).body);
  EXPECT_EQ(text_of(body, "/entry/0/changes/0/value/messages/0/from"), "(absent)");
  EXPECT_EQ(text_of(body, "/entry/0/changes/0/value/messages/0/from_user_id"), "US.1349");
}

TEST_F(SimulatorWithWebhooks, BringAFixedIdAgain) {
  constexpr std::string_view kInbound =
      R"({"from":"+4915100001","id":"wamid.SAME","text":{"body":"x"}})";
  control("POST", "/_sim/settings", R"({"batching":false})");
  control("POST", "/_sim/inbound", kInbound);
  control("POST", "/_sim/inbound", kInbound);
  const auto posts = sink_.wait_for(2);
  ASSERT_EQ(posts.size(), 2U);
  for (const auto& post : posts) EXPECT_NE(post.body.find("wamid.SAME"), std::string::npos);
}

TEST_F(SimulatorWithWebhooks, BringManyAtOnce) {
  const auto answer =
      control("POST", "/_sim/inbound", R"({"from":"+4915100001","count":3,"text":{"body":"x"}})");
  EXPECT_EQ(answer.json().at("ids").as_array().size(), 3U);
}

TEST_F(SimulatorWithWebhooks, RefuseAnInboundWithoutItsObject) {
  EXPECT_EQ(control("POST", "/_sim/inbound", R"({"from":"+4915100001","type":"image"})").status,
            400);
}

TEST_F(SimulatorWithWebhooks, BringOtherFields) {
  control("POST", "/_sim/webhook",
          R"({"field":"account_update","value":{"event":"ACCOUNT_DELETED"}})");
  const auto body = boost::json::parse(sink_.wait_for(1).at(0).body);
  EXPECT_EQ(text_of(body, "/entry/0/changes/0/field"), "account_update");
  EXPECT_EQ(text_of(body, "/entry/0/changes/0/value/event"), "ACCOUNT_DELETED");
  EXPECT_NE(text_of(body, "/entry/0/time"), "(absent)");
}

TEST_F(SimulatorWithWebhooks, TellOneStatusOnDemand) {
  control("POST", "/_sim/settings", R"({"send_statuses":false})");
  const auto id = text_of(send_text().json(), "/messages/0/id");
  control("POST", "/_sim/statuses",
          fmt::format(R"({{"message_id":"{}","status":"failed","error":131049}})", id));
  const auto failed = sink_.wait_for_statuses(1).at(0);
  EXPECT_EQ(text_of(failed, "/id"), id);
  EXPECT_EQ(text_of(failed, "/errors/0/code"), "131049");
  EXPECT_EQ(text_of(failed, "/biz_opaque_callback_data"), "msg_1");
}

TEST_F(SimulatorWithWebhooks, KnowNoStatusOfAForeignMessage) {
  EXPECT_EQ(control("POST", "/_sim/statuses", R"({"message_id":"wamid.X","status":"read"})").status,
            404);
}

class WebhookFault : public SimulatorWithWebhooks {
 protected:
  void add_next(std::string_view action) {
    const auto rule =
        fmt::format(R"({{"scope":"webhooks","when":{{"next":1}},"action":{}}})", action);
    ASSERT_EQ(control("POST", "/_sim/faults", rule).status, 200);
  }
};

TEST_F(WebhookFault, SendsAPostTwice) {
  add_next(R"({"duplicate":true})");
  send_text();
  const auto posts = sink_.wait_for(2);
  ASSERT_EQ(posts.size(), 2U);
  EXPECT_EQ(posts[0].body, posts[1].body);
}

TEST_F(WebhookFault, ReversesAMessagesStatuses) {
  add_next(R"({"reorder":true})");
  send_text();
  EXPECT_EQ(names_of(sink_.wait_for_statuses(3)), (Names{"read", "delivered", "sent"}));
}

TEST_F(WebhookFault, SendsOtherBytes) {
  add_next(R"({"raw":"not json"})");
  send_text();
  const auto post = sink_.wait_for(1).at(0);
  EXPECT_EQ(post.body, "not json");
  EXPECT_EQ(post.signature, "sha256=" + hex_encode(crypto::hmac_sha256(kAppSecret, {post.body})));
}

TEST_F(WebhookFault, SignsWrongly) {
  add_next(R"({"bad_signature":true})");
  send_text();
  const auto post = sink_.wait_for(1).at(0);
  EXPECT_NE(post.signature, "sha256=" + hex_encode(crypto::hmac_sha256(kAppSecret, {post.body})));
}

TEST_F(WebhookFault, LosesAPost) {
  control("POST", "/_sim/settings", R"({"batching":false})");
  add_next(R"({"drop":true})");
  send_text();  // without batching each status has a POST of its own
  EXPECT_EQ(names_of(sink_.wait_for_statuses(2)), (Names{"delivered", "read"}));
}

TEST_F(WebhookFault, SendsAPostLate) {
  const auto begin = std::chrono::steady_clock::now();
  add_next(R"({"late_ms":50})");
  control("POST", "/_sim/inbound", R"({"from":"+4915100001","text":{"body":"x"}})");
  EXPECT_EQ(sink_.wait_for(1).size(), 1U);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(50));
}

TEST_F(WebhookFault, MeetsItsRecipientOnly) {
  control("POST", "/_sim/faults",
          R"({"scope":"webhooks","to":"+491510000009","action":{"reorder":true}})");
  send_text("+491510000001");
  EXPECT_EQ(names_of(sink_.wait_for_statuses(3)), (Names{"sent", "delivered", "read"}));
}

TEST_F(Simulator, SendsWebhooksToAUrlThatIsSetLater) {
  sim_->set_webhook_url(sink_.url());
  send_text();
  EXPECT_EQ(sink_.wait_for_statuses(3).size(), 3U);
}

/// A simulator that is told where its webhooks go while it runs.
class CallbackOfASimulator : public Simulator {
 protected:
  RawAnswer set(std::string_view url, std::string_view token) {
    return control(
        "POST", "/_sim/settings",
        fmt::format(R"({{"webhook_url":"{}","verify_token":"{}","sent_after_ms":0}})", url, token));
  }
};

TEST_F(CallbackOfASimulator, IsTakenWhenItGivesTheChallengeBack) {
  EXPECT_EQ(set(sink_.url(), kVerifyToken).status, 200);
  send_text();
  EXPECT_FALSE(sink_.wait_for_statuses(1).empty());
}

TEST_F(CallbackOfASimulator, MayHaveAQuery) {
  EXPECT_EQ(set(sink_.url() + "?shop=1", kVerifyToken).status, 200);
}

TEST_F(CallbackOfASimulator, ThatDoesNotKnowTheTokenIsRefused) {
  const auto answer = set(sink_.url(), "guess");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(text_of(answer.json(), "/error/fields/0/pointer"), "/webhook_url");
}

TEST_F(CallbackOfASimulator, ThatIsRefusedLeavesTheOldOne) {
  ASSERT_EQ(set(sink_.url(), kVerifyToken).status, 200);
  WebhookSink other;
  ASSERT_EQ(set(other.url(), "guess").status, 400);
  send_text();
  EXPECT_FALSE(sink_.wait_for_statuses(1).empty());
}

TEST_F(CallbackOfASimulator, WhereNobodyListensIsRefused) {
  EXPECT_EQ(set("http://127.0.0.1:1/hooks/whatsapp", kVerifyToken).status, 400);
}

TEST_F(CallbackOfASimulator, TokenWithoutAUrlIsWrong) {
  EXPECT_EQ(control("POST", "/_sim/settings", R"({"verify_token":"t"})").status, 400);
}

}  // namespace
}  // namespace flowsell::sim::test
