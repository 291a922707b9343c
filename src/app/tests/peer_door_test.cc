#include "peer_door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/io_pool.h"
#include "testkit/io.h"

namespace flowsell::app {
namespace {

class PeerDoorTest : public testing::Test {
 protected:
  PeerDoorTest() { pool_.start(); }
  ~PeerDoorTest() override { pool_.stop(); }

  http::Response handle(std::vector<http::Request::Field> fields) {
    http::Request request;
    request.fields = std::move(fields);
    request.remote_address = "10.0.0.7";
    return testkit::run(pool_, door_.handle(request));
  }
  static Awaitable<http::Response> answer(int& handled) {
    ++handled;
    http::Response response;
    response.status = 202;
    co_return response;
  }

  int handled_ = 0;
  runtime::IoPool pool_{1};
  std::string address_;  ///< as the handler saw it
  std::string forwarded_ = "not asked";
  const std::vector<IpRange> trusted_ = {*IpRange::parse("10.0.0.0/24")};
  PeerDoor door_{[this](http::Request& request) {
                   address_ = request.remote_address;
                   forwarded_ = request.header("Connect-Forwarded");
                   return answer(handled_);
                 },
                 [](std::string_view name) { return name == "77"; },
                 [](const http::Request& request) -> std::optional<std::string_view> {
                   const auto client = request.header("Connect-Client");
                   return client.empty() ? std::nullopt : std::optional(client);
                 },
                 trusted_};
};

TEST_F(PeerDoorTest, RequestOfAClientPassesAsItIs) {
  const auto response = handle({});
  EXPECT_EQ(response.status, 202);
  EXPECT_TRUE(response.headers.empty());
}

TEST_F(PeerDoorTest, AnswerToAnotherReplicaBearsTheNameItAskedFor) {
  const auto response = handle({{"connect-replica", "77"}, {"Connect-Client", "203.0.113.9"}});
  EXPECT_EQ(response.status, 202);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].name, "Connect-Replica");
  EXPECT_EQ(response.headers[0].value, "77");
}

TEST_F(PeerDoorTest, WhatIsMeantForAnotherProcessIsNotDoneHere) {
  for (const auto* name : {"78", "7", "x"}) {
    const auto response = handle({{"Connect-Replica", name}, {"Connect-Client", "203.0.113.9"}});
    EXPECT_EQ(response.status, 503);
    ASSERT_FALSE(response.headers.empty());
    EXPECT_EQ(response.headers.back().name, "Connect-Misdirected");
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(PeerDoorTest, AddressOfAForwardedRequestIsWhatTheReplicaProves) {
  (void)handle({{"Connect-Replica", "77"}, {"Connect-Client", "203.0.113.9"}});
  EXPECT_EQ(address_, "203.0.113.9");
}

TEST_F(PeerDoorTest, WhoDoesNotProveThatHeIsAReplicaIsNotTakenForOne) {
  const auto response = handle({{"Connect-Replica", "77"}, {"Connect-Forwarded", "0"}});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.back().name, "Connect-Misdirected");
  EXPECT_EQ(handled_, 0);
}

TEST_F(PeerDoorTest, ClientHasNoSayInWhereItIsAnswered) {
  EXPECT_EQ(handle({{"Connect-Forwarded", "3"}, {"connect-forwarded", "4"}}).status, 202);
  EXPECT_EQ(forwarded_, "");
}

TEST_F(PeerDoorTest, ReplicaSaysWhereItIsAnswered) {
  (void)handle(
      {{"Connect-Replica", "77"}, {"Connect-Client", "203.0.113.9"}, {"Connect-Forwarded", "3"}});
  EXPECT_EQ(forwarded_, "3");
}

TEST_F(PeerDoorTest, ClientCantNameItselfAsAReplicaDoes) {
  (void)handle({{"Connect-Client", "203.0.113.9"}});
  EXPECT_EQ(address_, "10.0.0.7");
}

TEST_F(PeerDoorTest, FieldThatTheProxyAddedStandsLast) {
  (void)handle({{"X-Forwarded-For", "198.51.100.1"}, {"x-forwarded-for", "203.0.113.9"}});
  EXPECT_EQ(address_, "203.0.113.9") << "the first is the caller's own";
}

TEST_F(PeerDoorTest, TrustedProxyNamesTheClient) {
  (void)handle({{"X-Forwarded-For", "198.51.100.1, 203.0.113.9"}});
  EXPECT_EQ(address_, "203.0.113.9") << "what stands before it the client has written";
}

struct ProxyCase {
  const char* name;
  const char* peer;
  const char* forwarded_for;
  const char* client;
};
class ClientAddress : public testing::TestWithParam<ProxyCase> {};
TEST_P(ClientAddress, IsTheLastThatNoProxyHas) {
  const std::vector<IpRange> trusted = {*IpRange::parse("10.0.0.0/24")};
  EXPECT_EQ(client_address(GetParam().peer, GetParam().forwarded_for, trusted), GetParam().client);
}
constexpr ProxyCase kProxyCases[] = {
    {"Stranger", "203.0.113.1", "198.51.100.1", "203.0.113.1"},
    {"OneProxy", "10.0.0.7", "198.51.100.1", "198.51.100.1"},
    {"TwoProxies", "10.0.0.7", "198.51.100.1, 10.0.0.8", "198.51.100.1"},
    {"Forged", "10.0.0.7", "10.0.0.9, 198.51.100.1", "198.51.100.1"},
    {"OnlyProxies", "10.0.0.7", "10.0.0.8", "10.0.0.8"},
    {"Nothing", "10.0.0.7", "", "10.0.0.7"},
    {"NoAddress", "10.0.0.7", "unknown", "10.0.0.7"},
    {"NoAddressBehindOne", "10.0.0.7", "unknown,10.0.0.8", "10.0.0.8"},
    {"Ipv6", "10.0.0.7", "2001:db8::1", "2001:db8::1"},
};
INSTANTIATE_TEST_SUITE_P(Table, ClientAddress, testing::ValuesIn(kProxyCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::app
