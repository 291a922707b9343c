// Bodies in pieces: our server and client, and peers that mean no good.
#include <gtest/gtest.h>
#include <poll.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "http/body.h"
#include "support.h"

namespace flowsell::http {
namespace {

using testing_support::eventually;
using testing_support::get;
using testing_support::kPatience;
using testing_support::Peer;
using testing_support::post;
using testing_support::post_http2;
using testing_support::ScriptedServer;
using testing_support::TestClient;
using testing_support::TestServer;
using namespace std::chrono_literals;

/// A piece, then what no source may do.
class Throwing final : public BodySource {
 public:
  Task<std::string_view> next() override {
    if (std::exchange(has_given_, true)) throw std::runtime_error("no");
    co_return std::string_view("piece");
  }

 private:
  bool has_given_ = false;
};

Awaitable<Response> throwing(Request& /*request*/) {
  Response response;
  response.stream = std::make_shared<Throwing>();
  co_return response;
}

/// `total` bytes, some at a time; then an end, or a failure.
class Pattern final : public BodySource {
 public:
  explicit Pattern(std::size_t total, bool breaks = false,
                   std::atomic<std::size_t>* given = nullptr)
      : left_(total), breaks_(breaks), given_(given) {}
  Task<std::string_view> next() override {
    const std::size_t size = std::min<std::size_t>(left_, 50'000);
    left_ -= size;
    if (given_ != nullptr) *given_ += size;
    if (size == 0 && breaks_) co_return fail(ErrorCode::kInternal, "it breaks off");
    piece_.assign(size, 'x');
    co_return piece_;
  }

 private:
  std::size_t left_;
  bool breaks_;
  std::atomic<std::size_t>* given_;
  std::string piece_;
};

bool streams_everything(Method /*method*/, std::string_view target) {
  return target.starts_with("/s");
}

ServerOptions streaming(std::size_t bytes_max = 200 << 20) {
  ServerOptions options;
  options.streams = streams_everything;
  options.streamed_bytes_max = bytes_max;
  return options;
}

/// Answers with how many bytes came; or, "?skip", without looking; or, "?one", after a piece.
Awaitable<Response> count(Request& request) {
  Response response;
  response.content_type = "text/plain";
  if (request.stream == nullptr) {
    response.body = "whole " + std::to_string(request.body.size());
    co_return response;
  }
  if (request.query == "skip") co_return response;
  std::size_t total = 0;
  while (true) {
    const auto piece = co_await request.stream->next();
    if (!piece) {
      response.status = error_info(piece.error().code).http_status;
      co_return response;
    }
    total += piece->size();
    if (piece->empty() || request.query == "one") break;
  }
  response.body = std::to_string(total);
  co_return response;
}

struct Got {
  Exchange head;
  std::optional<std::uint64_t> length;
  std::size_t bytes = 0;
  bool is_whole = false;
  std::optional<Error> source_failure;
};

Awaitable<Got> run(Client& client, OutRequest request, StreamTimes times) {
  auto exchange = co_await client.stream(std::move(request), times);
  Got got{std::move(exchange.head), exchange.length, 0, false, exchange.source_failure};
  while (exchange.body != nullptr) {
    const auto piece = co_await exchange.body->next();
    if (!piece) break;
    got.is_whole = piece->empty();
    if (got.is_whole) break;
    got.bytes += piece->size();
    if (got.bytes < 100) got.head.body.append(*piece);
  }
  co_return got;
}

Got stream(TestClient& client, OutRequest request, StreamTimes times = {}) {
  return net::co_spawn(client.pool.context(0), run(*client.client, std::move(request), times),
                       net::use_future)
      .get();
}

Got upload(std::uint16_t port, BodySource& body, std::optional<std::uint64_t> length,
           std::string target = "/s") {
  TestClient client;
  OutRequest request = post(port, "");
  request.url.target = std::move(target);
  request.body_source = &body;
  request.body_length = length;
  return stream(client, std::move(request));
}

constexpr std::size_t kLarge = 5'000'000;

TEST(Stream, ARequestsBodyGoesInPieces) {
  TestServer server(count, streaming());
  for (const bool is_chunked : {false, true}) {
    Pattern body(kLarge);
    const Got got = upload(server.port(), body,
                           is_chunked ? std::nullopt : std::optional<std::uint64_t>(kLarge));
    EXPECT_EQ(got.head.status, 200);
    EXPECT_EQ(got.head.body, std::to_string(kLarge));
    EXPECT_TRUE(got.is_whole);
  }
}

TEST(Stream, OtherRoutesHaveTheirBodiesWhole) {
  TestServer server(count, streaming());
  Pattern body(1000);
  EXPECT_EQ(upload(server.port(), body, 1000, "/other").head.body, "whole 1000");
}

TEST(Stream, TheConnectionGoesOnBehindAStream) {
  TestServer server(count, streaming());
  Peer peer = Peer::connect(server.port());
  const std::string next = "POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
  peer.send("POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + next +
            "POST /s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" +
            next + "POST /s?skip HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na" + next);
  for (const std::string_view expected : {"3", "2", "1", "2", "", "2"})
    EXPECT_EQ(peer.read_answer().body, expected);
}

TEST(Stream, TheNextRequestHasNoStreamOfTheLast) {
  TestServer server(count, streaming());
  Peer peer = Peer::connect(server.port());
  peer.send(
      "POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
      "GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const std::string_view expected : {"3", "whole 2", "whole 0"})
    EXPECT_EQ(peer.read_answer().body, expected);
}

TEST(Stream, WhatTheHandlerLeftEndsTheConnection) {
  TestServer server(count, streaming());
  Peer peer = Peer::connect(server.port());
  peer.send("POST /s?one HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\nabc");
  const auto answer = peer.read_answer();
  EXPECT_EQ(answer.body, "3");
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(peer.is_closed());
}

TEST(Stream, AClientThatWaitsIsToldToGoOnWhenItsBodyIsAskedFor) {
  TestServer server(count, streaming());
  Peer peer = Peer::connect(server.port());
  const std::string head =
      " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  peer.send("POST /s" + head);
  EXPECT_TRUE(peer.read_head().starts_with("HTTP/1.1 100 "));
  peer.send("abc");
  EXPECT_EQ(peer.read_answer().body, "3");
  peer.send("POST /s?skip" + head);
  EXPECT_EQ(peer.read_answer().status, 200);  // without asking for it
}

TEST(Stream, ALengthOverTheLimitIsRefusedAtOnce) {
  TestServer server(count, streaming(1000));
  Peer peer = Peer::connect(server.port());
  peer.send("POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(peer.read_answer().status, 413);
}

TEST(Stream, ABodyOverTheLimitIsRefusedAsItComes) {
  TestServer server(count, streaming(1000));
  Peer peer = Peer::connect(server.port());
  peer.send("POST /s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n");
  EXPECT_EQ(peer.read_answer().status, 413);
}

TEST(Stream, AStreamMayBeLargerThanOtherBodies) {
  ServerOptions options = streaming();
  options.body_bytes_max = 1000;
  TestServer server(count, options);
  Peer peer = Peer::connect(server.port());
  peer.send("POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(peer.read_answer().status, 413);
  Pattern body(5000);
  EXPECT_EQ(upload(server.port(), body, 5000).head.body, "5000");
}

TEST(Stream, ATrickleIsTooSlow) {
  ServerOptions options = streaming();
  options.body_time_max = 200ms;
  TestServer server(count, options);
  Peer peer = Peer::connect(server.port());
  peer.send("POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  while (!peer.wait_readable(20ms)) peer.send("a");
  EXPECT_EQ(peer.read_answer().status, 408);
}

TEST(Stream, AClientThatGoesAwayIsNoticed) {
  std::promise<bool> failed;
  TestServer server(
      [&failed](Request& request) -> Awaitable<Response> {
        Result<std::string_view> piece;
        do piece = co_await request.stream->next();
        while (piece && !piece->empty());
        failed.set_value(!piece);
        co_return Response{};
      },
      streaming());
  Peer peer = Peer::connect(server.port());
  peer.send("POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc");
  peer.close();
  EXPECT_TRUE(failed.get_future().get());
}

// Answers

Server::RequestHandler answering(std::size_t total, bool breaks, bool says_length,
                                 std::atomic<std::size_t>* given = nullptr) {
  return [=](Request&) -> Awaitable<Response> {
    Response response;
    response.content_type = "application/pdf";
    response.stream = std::make_shared<Pattern>(total, breaks, given);
    // Where it breaks off there would have been more.
    if (says_length) response.stream_length = total + (breaks ? 1 : 0);
    co_return response;
  };
}

TEST(Stream, AnAnswersBodyGoesInPieces) {
  for (const bool says_length : {true, false}) {
    TestServer server(answering(kLarge, false, says_length));
    TestClient client;
    const Got got = stream(client, get(server.port()));
    EXPECT_EQ(got.head.header("content-type"), "application/pdf");
    EXPECT_EQ(got.length.has_value(), says_length);
    EXPECT_EQ(got.bytes, kLarge);
    EXPECT_TRUE(got.is_whole);
    EXPECT_EQ(stream(client, get(server.port())).bytes, kLarge);
  }
}

TEST(Stream, AnAnswerThatBreaksOffIsNotTakenForWhole) {
  for (const bool says_length : {true, false}) {
    TestServer server(answering(100'000, true, says_length));
    TestClient client;
    EXPECT_FALSE(stream(client, get(server.port())).is_whole);
    Peer old = Peer::connect(server.port());
    old.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(old.read_head().starts_with("HTTP/1.1 200"));
  }
}

TEST(Stream, AnAnswerWhoseSourceThrowsIsNotTakenForWhole) {
  TestServer server(throwing);
  TestClient client;
  EXPECT_EQ(client.send(get(server.port())).end, ExchangeEnd::kBroken);
}

TEST(Stream, AnAnswerWaitsForItsReader) {
  std::atomic<std::size_t> given = 0;
  TestServer server(answering(500 << 20, false, true, &given));
  Peer peer = Peer::connect(server.port());
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.read_head();
  std::string buffer(1 << 20, '\0');
  std::size_t read = 0;
  while (read < 20U << 20U) {
    const ssize_t count = ::recv(peer.fd(), buffer.data(), buffer.size(), 0);
    ASSERT_GT(count, 0);
    read += static_cast<std::size_t>(count);
  }
  // Beside what was read, what the kernel's buffers hold.
  EXPECT_LT(given.load(), read + (40U << 20U));
}

TEST(Stream, AReaderThatTricklesIsCut) {
  constexpr std::size_t kTotal = 500 << 20;
  ServerOptions options;
  options.idle_time_max = 300ms;
  TestServer server(answering(kTotal, false, true), options);
  Peer peer = Peer::connect(server.port());
  peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.read_head();
  std::string buffer(64 << 10, '\0');
  std::size_t read = 0;
  ssize_t count = 1;
  for (int i = 0; count > 0 && read < kTotal / 2; ++i) {
    // It moves, but takes longer for a block than a block may take; then what is there is read. Of
    // a connection that is cut no more is waited for.
    pollfd cut{peer.fd(), POLLRDHUP, 0};
    if (i < 20) ::poll(&cut, 1, 100);
    count = ::recv(peer.fd(), buffer.data(), buffer.size(), 0);
    if (count > 0) read += static_cast<std::size_t>(count);
  }
  EXPECT_LT(read, kTotal / 2);
}

TEST(Stream, HeadHasNoBody) {
  TestServer server(answering(1000, false, true));
  Peer peer = Peer::connect(server.port());
  peer.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(peer.read_head().find("Content-Length: 1000\r\n"), std::string::npos);
  peer.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(peer.read_head().find("Content-Length: 1000\r\n"), std::string::npos);
}

// The client with other servers

TEST(Stream, AnAnswerThatComesEarlyEndsTheSending) {
  ScriptedServer server({[](Peer peer) {
    peer.read_head();
    peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno");
    peer.wait_readable(kPatience);
    peer.read_all();
  }});
  std::atomic<std::size_t> given = 0;
  Pattern body(500 << 20, false, &given);
  const Got got = upload(server.port(), body, 500 << 20);
  EXPECT_EQ(got.head.status, 400);
  EXPECT_EQ(got.head.body, "no");
  EXPECT_LT(given.load(), std::size_t{500 << 20});
}

TEST(Stream, ASourceThatBreaksOffEndsTheCall) {
  std::promise<std::string> seen;
  ScriptedServer server({[&seen](Peer peer) {
    peer.read_head();
    seen.set_value(peer.read_all());
  }});
  Pattern body(1000, true);
  const Got got = upload(server.port(), body, std::nullopt);
  ASSERT_TRUE(got.source_failure);
  EXPECT_EQ(got.source_failure->detail, "it breaks off");
  EXPECT_FALSE(seen.get_future().get().ends_with("0\r\n\r\n"));
}

TEST(Stream, ASourceThatIsNotAsLongAsItSaysEndsTheCall) {
  TestServer server(count, streaming());
  for (const std::uint64_t length : {999U, 1001U}) {
    Pattern body(1000);
    EXPECT_TRUE(upload(server.port(), body, length).source_failure);
  }
}

TEST(Stream, AnAnswerThatIsCutIsNotWhole) {
  for (const std::string_view head : {"Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n"}) {
    ScriptedServer server({[head](Peer peer) {
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\n" + std::string(head) + "\r\n4\r\nab");
    }});
    TestClient client;
    EXPECT_FALSE(stream(client, get(server.port())).is_whole);
  }
}

TEST(Stream, AServerThatStallsIsGivenUp) {
  ScriptedServer server({[](Peer peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    peer.wait_readable(kPatience);
  }});
  TestClient client;
  StreamTimes times;
  times.stall_max = 100ms;
  EXPECT_FALSE(stream(client, get(server.port()), times).is_whole);
}

TEST(Stream, AServerThatDoesNotAnswerIsGivenUp) {
  ScriptedServer server({[](Peer peer) {
    peer.read_request();
    peer.wait_readable(kPatience);
  }});
  TestClient client;
  StreamTimes times;
  times.answer_max = 100ms;
  EXPECT_EQ(stream(client, get(server.port()), times).head.end, ExchangeEnd::kTimedOut);
}

// HTTP/2: our client of whole bodies with our server

TEST(Stream, Http2RequestsGoInPieces) {
  TestServer server(count, streaming());
  TestClient client;
  EXPECT_EQ(client.send(post_http2(server.port(), std::string(kLarge, 'x'), "/s")).body,
            std::to_string(kLarge));
  EXPECT_EQ(client.send(post_http2(server.port(), "", "/s")).body, "whole 0");
}

TEST(Stream, Http2RequestsAreAnsweredBeforeTheirEnd) {
  TestServer server(count, streaming());
  TestClient client;
  for (int i = 0; i < 3; ++i) {
    const auto exchange =
        client.send(post_http2(server.port(), std::string(kLarge, 'x'), "/s?skip"));
    EXPECT_EQ(exchange.status, 200);
  }
  EXPECT_EQ(client.send(post_http2(server.port(), "ab", "/s")).body, "2");
}

TEST(Stream, Http2BodiesHaveALimit) {
  TestServer server(count, streaming(1000));
  TestClient client;
  EXPECT_EQ(client.send(post_http2(server.port(), std::string(5000, 'x'), "/s")).status, 413);
}

TEST(Stream, Http2AnswersGoInPieces) {
  ClientOptions options;
  options.answer_bytes_max = 10 << 20;
  for (const bool says_length : {true, false}) {
    TestServer server(answering(kLarge, false, says_length));
    TestClient client(options);
    const auto exchange = client.send(post_http2(server.port(), ""));
    EXPECT_EQ(exchange.end, ExchangeEnd::kAnswered);
    EXPECT_EQ(exchange.body.size(), kLarge);
    EXPECT_EQ(exchange.header("content-length").empty(), !says_length);
  }
}

TEST(Stream, Http2AnswersThatBreakOffAreReset) {
  TestServer server(answering(100'000, true, false));
  TestClient client;
  EXPECT_EQ(client.send(post_http2(server.port(), "")).end, ExchangeEnd::kBroken);
}

TEST(Stream, Http2AnswersWhoseSourceThrowsAreReset) {
  TestServer server(throwing);
  TestClient client;
  EXPECT_EQ(client.send(post_http2(server.port(), "")).end, ExchangeEnd::kBroken);
}  // the server's end waits for all that runs

}  // namespace
}  // namespace flowsell::http
