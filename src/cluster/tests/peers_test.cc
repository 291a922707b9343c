#include "cluster/peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testkit/http_imposter.h"
#include "testkit/io.h"

namespace flowsell::cluster {
namespace {

using http::Method;
using End = Forwarded::End;
using testing::Contains;
using testing::Key;
using testing::Not;

constexpr ReplicaId kPeer = 77;

class PeersTest : public testing::Test {
 protected:
  PeersTest() {
    pool_.start();
    peer_.otherwise(signed_answer());
  }
  ~PeersTest() override { pool_.stop(); }

  Forwarded forward(const http::Request& request, bool is_gone = false) {
    return forward_to(peer_.url(""), request, is_gone);
  }
  Forwarded forward_to(const std::string& address, const http::Request& request,
                       bool is_gone = false) {
    return testkit::run(
        pool_, peers_.forward({kPeer, address, 1}, "2,5", request, [is_gone] { return is_gone; }));
  }
  static http::Response signed_answer(int status = 202) {
    http::Response answer;
    answer.status = status;
    answer.headers.push_back({"Connect-Replica", std::to_string(kPeer)});
    return answer;
  }
  static http::Request post() {
    http::Request request;
    request.method = Method::kPost;
    request.target = "/v1/messages?a=b";
    request.path = "/v1/messages";
    request.body = R"({"to":"x"})";
    request.fields = {{"Authorization", "Bearer fsk"}, {"Host", "api.example.org"},
                      {"Content-Length", "10"},        {"Accept-Encoding", "gzip"},
                      {"Idempotency-Key", "k"},        {"connect-forwarded", "9"},
                      {"connect-replica", "1"},        {"connect-client", "198.51.100.1 1 2"}};
    request.remote_address = "203.0.113.9";
    return request;
  }

  testkit::HttpImposter peer_;
  runtime::IoPool pool_{1};
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  crypto::Key key_ = crypto::Key::random();
  Peers peers_{pool_, key_, clock_};
};

TEST_F(PeersTest, RequestArrivesAsItCame) {
  ASSERT_EQ(forward(post()).end, End::kAnswered);
  const auto seen = peer_.wait_for(1).at(0);
  EXPECT_EQ(seen.target, "/v1/messages?a=b");
  EXPECT_EQ(seen.body, R"({"to":"x"})");
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer fsk");
  EXPECT_EQ(seen.headers.at("idempotency-key"), "k");
}

TEST_F(PeersTest, WhatBelongsToOneConnectionIsLeftOut) {
  ASSERT_EQ(forward(post()).end, End::kAnswered);
  const auto seen = peer_.wait_for(1).at(0);
  EXPECT_NE(seen.headers.at("host"), "api.example.org");
  EXPECT_THAT(seen.headers, Not(Contains(Key("accept-encoding"))));
}

TEST_F(PeersTest, ItProvesWhereTheRequestCameFrom) {
  ASSERT_EQ(forward(post()).end, End::kAnswered);
  const auto seen = peer_.wait_for(1).at(0);
  http::Request arrived;
  arrived.target = seen.target;
  arrived.fields = {{"Connect-Client", seen.headers.at("connect-client")}};
  EXPECT_EQ(client_of(arrived, key_, clock_.now()), "203.0.113.9");
  EXPECT_EQ(client_of(arrived, key_, clock_.now() + std::chrono::minutes(6)), std::nullopt);
  EXPECT_EQ(client_of(arrived, crypto::Key::random(), clock_.now()), std::nullopt);
  arrived.target = "/v1/other";
  EXPECT_EQ(client_of(arrived, key_, clock_.now()), std::nullopt);
}

TEST_F(PeersTest, WhatNoReplicaWroteProvesNothing) {
  for (const char* text :
       {"", "203.0.113.9", "203.0.113.9 1", "203.0.113.9 29916666 00", "a b c"}) {
    http::Request request;
    request.fields = {{"Connect-Client", text}};
    EXPECT_EQ(client_of(request, key_, clock_.now()), std::nullopt) << text;
  }
}

TEST_F(PeersTest, ItSaysWhichCellsAndWhichReplicaAreMeantWhateverTheClientSaid) {
  ASSERT_EQ(forward(post()).end, End::kAnswered);
  const auto seen = peer_.wait_for(1).at(0);
  EXPECT_EQ(seen.headers.at("connect-forwarded"), "2,5");
  EXPECT_EQ(seen.headers.at("connect-replica"), "77");
}

TEST_F(PeersTest, AnswerComesBackAsItWasGiven) {
  http::Response given = signed_answer(202);
  given.content_type = "application/problem+json";
  given.headers.push_back({"Request-Id", "req_1"});
  given.body = "{}";
  peer_.then(given);
  const auto forwarded = forward(post());
  EXPECT_EQ(forwarded.response.status, 202);
  EXPECT_EQ(forwarded.response.content_type, "application/problem+json");
  EXPECT_EQ(forwarded.response.body, "{}");
  EXPECT_TRUE(forwarded.response.is_relayed);
  ASSERT_EQ(forwarded.response.headers.size(), 1U);
  EXPECT_EQ(forwarded.response.headers.at(0).value, "req_1");
}

TEST_F(PeersTest, PeerThatDoesNotHaveTheCellSaysSo) {
  http::Response elsewhere;
  elsewhere.status = 503;
  elsewhere.headers.push_back({"Connect-Misdirected", "1"});
  peer_.then(elsewhere);
  EXPECT_TRUE(forward(post()).is_misdirected);
  EXPECT_FALSE(forward(post()).is_misdirected);
}

TEST_F(PeersTest, AnswerOfWhoeverHasTheAddressNowIsNotTakenForThePeers) {
  http::Response somebody;
  somebody.status = 401;
  peer_.then(somebody);
  EXPECT_EQ(forward(post()).end, End::kLost);
  somebody.headers.push_back({"Connect-Replica", "78"});
  peer_.then(somebody);
  EXPECT_EQ(forward(post()).end, End::kLost);
}

TEST_F(PeersTest, NobodyThereIsKnownToBeUnsent) {
  EXPECT_EQ(forward_to("http://127.0.0.1:1", post()).end, End::kUnsent);
}

TEST_F(PeersTest, AddressThatIsNoneIsKnownToBeUnsent) {
  EXPECT_EQ(forward_to("nowhere", post()).end, End::kUnsent);
}

TEST_F(PeersTest, PeerThatBreaksOffMayHaveDoneIt) {
  peer_.then(http::kCloseUnanswered);
  EXPECT_EQ(forward(post()).end, End::kLost);
}

TEST_F(PeersTest, PeerThatIsGoneIsNotWaitedFor) {
  peer_.hold();
  EXPECT_EQ(forward(post(), /*is_gone=*/true).end, End::kLost);
  peer_.release();
}

struct RepeatCase {
  const char* name;
  Method method;
  bool has_key;
  bool may_repeat;
};
class MayRepeat : public testing::TestWithParam<RepeatCase> {};

TEST_P(MayRepeat, AsTheTableSays) {
  http::Request request;
  request.method = GetParam().method;
  if (GetParam().has_key) request.fields.push_back({"Idempotency-Key", "k"});
  EXPECT_EQ(may_repeat(request), GetParam().may_repeat);
}

INSTANTIATE_TEST_SUITE_P(Cases, MayRepeat,
                         testing::Values(RepeatCase{"Get", Method::kGet, false, true},
                                         RepeatCase{"Head", Method::kHead, false, true},
                                         RepeatCase{"Delete", Method::kDelete, false, true},
                                         RepeatCase{"PostWithAKey", Method::kPost, true, true},
                                         RepeatCase{"Post", Method::kPost, false, false},
                                         RepeatCase{"Patch", Method::kPatch, false, false}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace flowsell::cluster
