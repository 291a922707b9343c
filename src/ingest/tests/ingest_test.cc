#include "ingest/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging_world.h"

namespace flowsell::ingest {
namespace {

using messaging::MessageQuery;
using messaging::MessageRow;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

std::vector<ProviderApp> two_apps() {
  std::vector<ProviderApp> apps;
  apps.push_back({identity::Mode::kTest, Secret("test-secret"), Secret("test-token")});
  apps.push_back({identity::Mode::kLive, Secret("live-secret"), Secret()});
  apps.push_back({identity::Mode::kLive, Secret(), Secret("live-token")});
  return apps;
}

class IngestTest : public testing::Test {
 protected:
  Result<> take(const std::string& body, const std::string& signature = "signed with test-secret") {
    http::Request request;
    request.method = http::Method::kPost;
    request.body = body;
    request.fields.push_back({"X-Signature", signature});
    TRY(auto webhook, door_.open(request));
    return testkit::run(world_.pool, ingest_.store(std::move(webhook)));
  }
  static std::string inbound(int n, const std::string& address = "111") {
    return R"({"address":")" + address + R"(","from":"+919876543210","id":"in.)" +
           std::to_string(n) + R"(","text":"Hi"})";
  }
  static std::string body_of(const std::vector<std::string>& updates) {
    std::string out = R"({"updates":[)";
    for (const auto& update : updates) out += (out.back() == '[' ? "" : ",") + update;
    return out + "]}";
  }
  std::vector<MessageRow> received() {
    const MessageQuery query{
        .workspace = world_.caller.workspace, .inbound = true, .limit = 10'000};
    return testkit::in_snapshot(*world_.db,
                                [&](store::Connection& db) { return list_messages(db, query); })
        .rows;
  }

  messaging::MessagingWorld world_;
  ProviderDoor door_{world_.adapter, "X-Signature", two_apps(), world_.clock, world_.metrics};
  Ingest ingest_{world_.adapter, world_.senders, world_.updates_in, world_.metrics};
};

TEST_F(IngestTest, SignedUpdateIsStored) {
  ASSERT_TRUE(take(body_of({inbound(1)})));
  EXPECT_THAT(received(), SizeIs(1));
}

TEST_F(IngestTest, WrongSignatureIsRefusedAndNothingIsStored) {
  EXPECT_EQ(code_of(take(body_of({inbound(1)}), "signed with another")),
            ErrorCode::kInvalidSignature);
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(IngestTest, MissingSignatureIsRefused) {
  EXPECT_EQ(code_of(take(body_of({}), "")), ErrorCode::kInvalidSignature);
}

TEST_F(IngestTest, AppWithoutASecretSignsNothing) {
  EXPECT_EQ(code_of(take(body_of({}), "signed with ")), ErrorCode::kInvalidSignature);
}

TEST_F(IngestTest, SignedNonsenseIsAnInvalidDocument) {
  EXPECT_EQ(code_of(take("not JSON")), ErrorCode::kInvalidJson);
}

TEST_F(IngestTest, ThousandUpdatesAreAllStored) {
  std::vector<std::string> updates;
  for (int n = 0; n < 1000; ++n) updates.push_back(inbound(n));
  ASSERT_TRUE(take(body_of(updates)));
  EXPECT_THAT(received(), SizeIs(1000));
}

TEST_F(IngestTest, SameBodyTwiceIsStoredOnce) {
  ASSERT_TRUE(take(body_of({inbound(1), inbound(2)})));
  ASSERT_TRUE(take(body_of({inbound(1), inbound(2)})));
  EXPECT_THAT(received(), SizeIs(2));
}

TEST_F(IngestTest, AddressOfNobodyHoldsUpNoOther) {
  ASSERT_TRUE(take(body_of({inbound(1, "000"), inbound(2), inbound(3, "999")})));
  EXPECT_THAT(received(), SizeIs(1));
}

TEST_F(IngestTest, LiveAppSpeaksOfNoTestSender) {
  ASSERT_TRUE(take(body_of({inbound(1)}), "signed with live-secret"));
  EXPECT_THAT(received(), IsEmpty());
}

TEST_F(IngestTest, FailingCommitIsAnErrorThatMakesTheProviderSendAgain) {
  world_.db->stop();
  const auto taken = take(body_of({inbound(1)}));
  ASSERT_FALSE(taken);
  EXPECT_EQ(error_info(taken.error().code).http_status, 503);
}

struct ChallengeCase {
  const char* name;
  const char* mode;
  const char* token;
  bool ours;
};
class IngestChallenge : public IngestTest, public testing::WithParamInterface<ChallengeCase> {};

TEST_P(IngestChallenge, IsAnsweredAsTheTableSays) {
  const auto answer = door_.answer_challenge(GetParam().mode, GetParam().token, "1158201444");
  EXPECT_EQ(code_of(answer),
            GetParam().ours ? std::nullopt : std::optional(ErrorCode::kInvalidSignature));
  if (answer) EXPECT_EQ(*answer, "1158201444");
}

constexpr ChallengeCase kChallengeCases[] = {
    {"FirstApp", "subscribe", "test-token", true},
    {"AnotherApp", "subscribe", "live-token", true},
    {"WrongToken", "subscribe", "token", false},
    {"NoToken", "subscribe", "", false},
    {"AnotherMode", "unsubscribe", "test-token", false},
    {"NoMode", "", "test-token", false},
};
INSTANTIATE_TEST_SUITE_P(Table, IngestChallenge, testing::ValuesIn(kChallengeCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::ingest
