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
  PeerDoor door_{[this](http::Request& /*request*/) { return answer(handled_); },
                 [](std::string_view name) { return name == "77"; }};
};

TEST_F(PeerDoorTest, RequestOfAClientPassesAsItIs) {
  const auto response = handle({});
  EXPECT_EQ(response.status, 202);
  EXPECT_TRUE(response.headers.empty());
}

TEST_F(PeerDoorTest, AnswerToAnotherReplicaBearsTheNameItAskedFor) {
  const auto response = handle({{"connect-replica", "77"}});
  EXPECT_EQ(response.status, 202);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].name, "Connect-Replica");
  EXPECT_EQ(response.headers[0].value, "77");
}

TEST_F(PeerDoorTest, WhatIsMeantForAnotherProcessIsNotDoneHere) {
  for (const auto* name : {"78", "7", "x"}) {
    const auto response = handle({{"Connect-Replica", name}});
    EXPECT_EQ(response.status, 503);
    ASSERT_FALSE(response.headers.empty());
    EXPECT_EQ(response.headers.back().name, "Connect-Misdirected");
  }
  EXPECT_EQ(handled_, 0);
}

}  // namespace
}  // namespace flowsell::app
