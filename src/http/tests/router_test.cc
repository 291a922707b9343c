#include "http/router.h"

#include <gtest/gtest.h>

namespace flowsell::http {
namespace {

Awaitable<Response> unused(const Request&) { co_return Response{}; }

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.add(Method::kGet, "/v1/messages", unused);
    router_.add(Method::kPost, "/v1/messages", unused);
    router_.add(Method::kGet, "/v1/messages/{}", unused);
    router_.add(Method::kGet, "/v1/messages/search", unused);
    router_.add(Method::kDelete, "/v1/{}/parts/{}", unused);
  }
  Router router_;
};

TEST_F(RouterTest, FindsALiteralPath) {
  EXPECT_EQ(router_.find(Method::kPost, "/v1/messages").pattern, "/v1/messages");
}
TEST_F(RouterTest, CollectsParams) {
  EXPECT_EQ(router_.find(Method::kDelete, "/v1/a/parts/b").params,
            (std::vector<std::string>{"a", "b"}));
}
TEST_F(RouterTest, DecodesParams) {
  EXPECT_EQ(router_.find(Method::kGet, "/v1/messages/a%2Fb").params,
            std::vector<std::string>{"a/b"});
}
TEST_F(RouterTest, ABrokenEscapeIsNoPath) {
  EXPECT_EQ(router_.find(Method::kGet, "/v1/messages/a%2").handler, nullptr);
}
TEST_F(RouterTest, ALiteralBeatsAHole) {
  EXPECT_EQ(router_.find(Method::kGet, "/v1/messages/search").pattern, "/v1/messages/search");
}
TEST_F(RouterTest, AHoleIsNotEmpty) {
  EXPECT_EQ(router_.find(Method::kGet, "/v1/messages/").handler, nullptr);
}
TEST_F(RouterTest, ALongerPathIsAnotherPath) {
  EXPECT_EQ(router_.find(Method::kGet, "/v1/messages/a/b").handler, nullptr);
}
TEST_F(RouterTest, HeadIsAnsweredByGet) {
  EXPECT_NE(router_.find(Method::kHead, "/v1/messages").handler, nullptr);
}
TEST_F(RouterTest, AnUnknownPathHasNoPattern) {
  EXPECT_EQ(router_.find(Method::kGet, "/v2").pattern, "");
}
TEST_F(RouterTest, AnotherMethodIsToldWhatIsAllowed) {
  const auto match = router_.find(Method::kPut, "/v1/messages");
  EXPECT_EQ(match.handler, nullptr);
  EXPECT_EQ(match.allow, "GET, HEAD, POST");
}
TEST_F(RouterTest, AFoundPathNamesNoMethods) {
  EXPECT_EQ(router_.find(Method::kPost, "/v1/messages").allow, "");
}
TEST_F(RouterTest, AnEmptyPathIsNoPath) {
  EXPECT_EQ(router_.find(Method::kGet, "").handler, nullptr);
}

}  // namespace
}  // namespace flowsell::http
