// Our client of HTTP/2 with our server.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "support.h"

namespace flowsell::http {
namespace {

using testing_support::Crowd;
using testing_support::echo;
using testing_support::eventually;
using testing_support::post_http2;
using testing_support::TestCertificate;
using testing_support::TestClient;
using testing_support::TestServer;
using namespace std::chrono_literals;

// Both ends ours

TEST(Http2, RoundTrip) {
  TestServer server(echo);
  TestClient client;
  const Exchange exchange = client.send(post_http2(server.port(), "body", "/a?b=c"));
  EXPECT_EQ(exchange.end, ExchangeEnd::kAnswered);
  EXPECT_TRUE(exchange.byte_sent);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.body, "POST /a body");
  EXPECT_EQ(exchange.header("Content-Type"), "text/plain");
  EXPECT_NE(exchange.header("Date"), "");
}

TEST(Http2, TheServerSeesWhatItSeesOfHttp1) {
  std::promise<std::vector<std::string>> seen;
  TestServer server([&seen](Request& request) -> Awaitable<Response> {
    seen.set_value({std::string(request.target), std::string(request.path),
                    std::string(request.query), std::string(request.header("Host")),
                    std::string(request.header("X-Mine")), std::string(request.header("cOOkie")),
                    std::string(request.remote_address)});
    co_return Response{};
  });
  TestClient client;
  OutRequest request = post_http2(server.port(), "", "/a/b?c=d&e");
  request.headers = {{"X-Mine", "1"}, {"Cookie", "a=b"}, {"Connection", "close"}};
  client.send(std::move(request));
  EXPECT_EQ(seen.get_future().get(),
            (std::vector<std::string>{"/a/b?c=d&e", "/a/b", "c=d&e",
                                      "127.0.0.1:" + std::to_string(server.port()), "1", "a=b",
                                      "127.0.0.1"}));
}

TEST(Http2, ManyCallsShareOneConnection) {
  TestServer server(echo);
  TestClient client;
  std::vector<OutRequest> requests;
  for (int i = 0; i < 200; ++i) requests.push_back(post_http2(server.port(), std::to_string(i)));
  const auto ended = client.send_all(std::move(requests));
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(ended[static_cast<std::size_t>(i)].body, "POST / " + std::to_string(i));
  }
  EXPECT_EQ(server.server->connections(), 1U);
}

TEST(Http2, CallsOfDifferentClientsDoNotShareAConnection) {
  TestServer server(echo);
  TestClient client;
  client.send(post_http2(server.port(), "a"));
  OutRequest other = post_http2(server.port(), "b");
  other.client[0] = 1;
  client.send(std::move(other));
  EXPECT_EQ(server.server->connections(), 2U);
}

TEST(Http2, LargeBodiesRoundTrip) {
  TestServer server(echo);
  TestClient client({.answer_bytes_max = 2 << 20});
  const std::string body(1'000'000, 'x');
  std::vector<OutRequest> requests;
  for (int i = 0; i < 20; ++i) requests.push_back(post_http2(server.port(), body));
  for (const Exchange& exchange : client.send_all(std::move(requests))) {
    EXPECT_EQ(exchange.body.size(), body.size() + 7);
  }
}

TEST(Http2, AnAnswerToHeadHasNoBody) {
  TestServer server(echo);
  TestClient client;
  OutRequest request = post_http2(server.port(), "");
  request.method = Method::kHead;
  const Exchange exchange = client.send(std::move(request));
  EXPECT_EQ(exchange.end, ExchangeEnd::kAnswered);
  EXPECT_EQ(exchange.body, "");
  EXPECT_EQ(exchange.header("content-length"), "7");
}

TEST(Http2, AnswersArePackedForWhoTakesThem) {
  TestServer server([](Request&) -> Awaitable<Response> {
    Response response;
    response.body = std::string(10'000, 'a');
    response.headers.push_back({"ETag", "\"1\""});
    co_return response;
  });
  TestClient client;
  OutRequest request = post_http2(server.port(), "");
  request.headers.push_back({"Accept-Encoding", "gzip"});
  const Exchange exchange = client.send(std::move(request));
  EXPECT_EQ(exchange.header("Content-Encoding"), "gzip");
  EXPECT_EQ(exchange.header("ETag"), "W/\"1\"");
  EXPECT_LT(exchange.body.size(), 1000U);
  EXPECT_EQ(exchange.header("content-length"), std::to_string(exchange.body.size()));
}

TEST(Http2, OneThatWaitsHoldsUpNobody) {
  std::promise<void> released;
  TestServer server(
      [gate = released.get_future().share()](Request& request) -> Awaitable<Response> {
        const auto executor = co_await net::this_coro::executor;
        while (request.path == "/slow" && gate.wait_for(0s) != std::future_status::ready) {
          net::steady_timer timer(executor, 1ms);
          co_await timer.async_wait(use_result);
        }
        co_return Response{};
      });
  TestClient client;
  auto slow = std::async(std::launch::async,
                         [&] { return client.send(post_http2(server.port(), "", "/slow")); });
  EXPECT_EQ(client.send(post_http2(server.port(), "", "/quick")).status, 200);
  EXPECT_NE(slow.wait_for(0s), std::future_status::ready);
  released.set_value();
  EXPECT_EQ(slow.get().status, 200);
}

TEST(Http2, MoreThanTheServerAllowsAtATimeWait) {
  Crowd crowd;
  ServerOptions options;
  options.streams_max = 3;
  TestServer server([&crowd](Request& request) { return crowd.handle(request); }, options);
  TestClient client;
  std::vector<OutRequest> requests;
  for (int i = 0; i < 100; ++i) requests.push_back(post_http2(server.port(), ""));
  for (const Exchange& exchange : client.send_all(std::move(requests))) {
    EXPECT_EQ(exchange.status, 200);
  }
  EXPECT_GT(crowd.most, 1);
  EXPECT_LE(crowd.most, 4 * 3);  // a client opens four connections at most
}

TEST(Http2, TooLargeABodyIsRefusedAndTheConnectionGoesOn) {
  ServerOptions options;
  options.body_bytes_max = 100'000;
  TestServer server(echo, options);
  TestClient client;
  for (const std::size_t size : {100'001UZ, 150'000UZ, 1'000'000UZ}) {
    EXPECT_EQ(client.send(post_http2(server.port(), std::string(size, 'x'))).status, 413);
  }
  EXPECT_EQ(client.send(post_http2(server.port(), std::string(100'000, 'x'))).status, 200);
  EXPECT_EQ(client.send(post_http2(server.port(), "y")).body, "POST / y");
  EXPECT_EQ(server.server->connections(), 1U);
}

TEST(Http2, TooLargeAHeadIsRefused) {
  TestServer server(echo);
  TestClient client;
  OutRequest request = post_http2(server.port(), "");
  request.headers.push_back({"X-Long", std::string(20'000, 'x')});
  EXPECT_EQ(client.send(std::move(request)).status, 431);
  EXPECT_EQ(client.send(post_http2(server.port(), "", "/" + std::string(20'000, 'x'))).status, 414);
}

TEST(Http2, AnUnknownExpectationIsRefused) {
  TestServer server(echo);
  TestClient client;
  OutRequest request = post_http2(server.port(), "body");
  request.headers.push_back({"Expect", "miracles"});
  EXPECT_EQ(client.send(std::move(request)).status, 417);
}

TEST(Http2, AHandlerThatThrowsAnswers500) {
  TestServer server([](Request&) -> Awaitable<Response> {
    throw std::runtime_error("no");
    co_return Response{};
  });
  TestClient client;
  EXPECT_EQ(client.send(post_http2(server.port(), "")).status, 500);
}

TEST(Http2, ABrokenOffAnswerBreaksNoOther) {
  TestServer server([](Request& request) -> Awaitable<Response> {
    Response response;
    response.body = "whole";
    if (request.path == "/none") response.status = kCloseUnanswered;
    if (request.path == "/half") response.cut_in_half = true;
    co_return response;
  });
  TestClient client;
  for (const char* const path : {"/none", "/half"}) {
    const Exchange exchange = client.send(post_http2(server.port(), "", path));
    EXPECT_EQ(exchange.end, ExchangeEnd::kBroken) << path;
    EXPECT_TRUE(exchange.byte_sent);
    EXPECT_EQ(exchange.status, 0);
    EXPECT_EQ(exchange.body, "");
  }
  EXPECT_EQ(client.send(post_http2(server.port(), "")).body, "whole");
  EXPECT_EQ(server.server->connections(), 1U);
}

TEST(Http2, AServerThatStopsLetsRunningRequestsFinish) {
  std::promise<void> begun;
  TestServer server([&begun](Request&) -> Awaitable<Response> {
    begun.set_value();
    net::steady_timer timer(co_await net::this_coro::executor, 100ms);
    co_await timer.async_wait(use_result);
    co_return Response{};
  });
  TestClient client;
  auto running =
      std::async(std::launch::async, [&] { return client.send(post_http2(server.port(), "")); });
  begun.get_future().get();
  server.server->stop(5s);
  EXPECT_EQ(running.get().status, 200);
  EXPECT_EQ(server.server->connections(), 0U);
  const Exchange late = client.send(post_http2(server.port(), ""));
  EXPECT_EQ(late.end, ExchangeEnd::kUnconnected);
  EXPECT_FALSE(late.byte_sent);
}

TEST(Http2, IdleConnectionsAreClosedByTheClient) {
  TestServer server(echo);
  TestClient client({.idle_time_max = 50ms});
  client.send(post_http2(server.port(), ""));
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
  EXPECT_EQ(client.send(post_http2(server.port(), "")).status, 200);
}

TEST(Http2, IdleConnectionsAreClosedByTheServer) {
  ServerOptions options;
  options.idle_time_max = 50ms;
  TestServer server(echo, options);
  TestClient client;
  client.send(post_http2(server.port(), ""));
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
  EXPECT_EQ(client.send(post_http2(server.port(), "")).status, 200);
}

TEST(Http2, AnOldConnectionTakesNoMoreCalls) {
  TestServer server(echo);
  TestClient client({.connection_age_max = 1ms});
  client.send(post_http2(server.port(), ""));
  const auto old = std::chrono::steady_clock::now() + 5ms;
  EXPECT_TRUE(eventually([&] { return std::chrono::steady_clock::now() > old; }));
  EXPECT_EQ(client.send(post_http2(server.port(), "")).status, 200);
}

// TLS chooses

class Http2Tls : public testing::TestWithParam<bool> {
 protected:
  static ServerOptions options_of(const TestCertificate& certificate, bool http2) {
    ServerOptions options;
    options.tls_certificate_file = certificate.certificate_file;
    options.tls_key_file = certificate.key_file;
    options.http2 = http2;
    return options;
  }

  OutRequest request(std::string body, Version version) {
    OutRequest made = post_http2(server_.port(), std::move(body));
    made.url.tls = true;
    made.url.host = "localhost";
    made.version = version;
    return made;
  }

  TestCertificate certificate_{"DNS:localhost"};
  TestServer server_{echo, options_of(certificate_, GetParam())};
  TestClient client_{[this] {
    ClientOptions options;
    options.tls_ca_file = certificate_.certificate_file;
    return options;
  }()};
};

TEST_P(Http2Tls, WhereBothSpeakItManyCallsShareAConnection) {
  const std::string body(50'000, 'x');
  EXPECT_EQ(client_.send(request(body, Version::kOffered)).body, "POST / " + body);
  std::vector<OutRequest> requests;
  for (int i = 0; i < 20; ++i) requests.push_back(request(body, Version::kOffered));
  for (const Exchange& exchange : client_.send_all(std::move(requests))) {
    EXPECT_EQ(exchange.body, "POST / " + body);
  }
  if (GetParam()) {
    EXPECT_EQ(server_.server->connections(), 1U);
  } else {
    EXPECT_GT(server_.server->connections(), 1U);
  }
}

TEST_P(Http2Tls, WhoDoesNotOfferItHasHttp1) {
  client_.send(request("", Version::kHttp1));
  client_.send(request("", Version::kOffered));
  EXPECT_EQ(server_.server->connections(), 2U);
}

INSTANTIATE_TEST_SUITE_P(ServerSpeaks, Http2Tls, testing::Bool(),
                         [](const auto& info) { return info.param ? "Http2" : "Http1Only"; });

}  // namespace
}  // namespace flowsell::http
