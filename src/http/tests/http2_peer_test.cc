// HTTP/2 with a peer that a test plays by hand, frame by frame.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "support.h"

namespace flowsell::http {
namespace {

using testing_support::Crowd;
using testing_support::echo;
using testing_support::eventually;
using testing_support::kPatience;
using testing_support::Peer;
using testing_support::post_http2;
using testing_support::ScriptedServer;
using testing_support::TestClient;
using testing_support::TestServer;
using namespace std::chrono_literals;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kGoodbye = 7,
};
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kEndHeaders = 4;

std::string number(std::uint32_t value, int bytes = 4) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>((value >> (8 * i)) & 0xFF);
  return text;
}

std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload = {}) {
  std::string text = number(static_cast<std::uint32_t>(payload.size()), 3);
  text += static_cast<char>(type);
  text += static_cast<char>(flags);
  return text + number(stream) + std::string(payload);
}

/// HPACK's static table (RFC 7541, A): POST, http, /, and a host in plain text.
std::string post_head() { return std::string("\x83\x86\x84\x01", 4) + std::string("\x01x", 2); }

std::string opening() { return std::string(kPreface) + frame(kSettings, 0, 0); }

struct Frame {
  std::uint8_t type = 0xFF;  ///< none: the connection has ended
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

std::string read_bytes(Peer& peer, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count && peer.wait_readable(kPatience)) {
    const ssize_t got = ::recv(peer.fd(), bytes.data() + have, count - have, 0);
    if (got <= 0) return {};
    have += static_cast<std::size_t>(got);
  }
  return have == count ? bytes : std::string();
}

Frame read_frame(Peer& peer) {
  const std::string head = read_bytes(peer, 9);
  if (head.empty()) return {};
  const auto byte = [&head](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(head[i]));
  };
  Frame read;
  read.type = static_cast<std::uint8_t>(byte(3));
  read.flags = static_cast<std::uint8_t>(byte(4));
  read.stream = byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
  const std::size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
  if (size > 0) read.payload = read_bytes(peer, size);
  return read;
}

/// The next of that type; of none when the connection ends before.
Frame read_frame_of(Peer& peer, FrameType type) {
  while (true) {
    Frame read = read_frame(peer);
    if (read.type == type || read.type == 0xFF) return read;
  }
}

/// Reads what a client begins with, and its first request's head.
void take_request(Peer& peer) {
  read_bytes(peer, kPreface.size());
  peer.send(frame(kSettings, 0, 0));
  read_frame_of(peer, kHeaders);
}

Exchange exchange_with(std::function<void(Peer)> script) {
  ScriptedServer server({std::move(script)});
  TestClient client;
  return client.send(post_http2(server.port(), "body"), 3s);
}

void expect(const Exchange& exchange, ExchangeEnd end, bool byte_sent) {
  EXPECT_EQ(exchange.end, end);
  EXPECT_EQ(exchange.byte_sent, byte_sent);
}

// What is known of the first byte

TEST(Http2Facts, NothingIsSentWhenTheCallerSaysNo) {
  std::atomic<int> handled{0};
  TestServer server([&handled](Request& request) {
    ++handled;
    return echo(request);
  });
  TestClient client;
  const Exchange exchange =
      client.send(post_http2(server.port(), "body"), 5s, [] { return false; });
  expect(exchange, ExchangeEnd::kUnconnected, false);
  EXPECT_EQ(client.send(post_http2(server.port(), "body"), 5s, [] { return true; }).status, 200);
  EXPECT_EQ(handled, 1);
}

TEST(Http2Facts, ARefusedConnectionSentNothing) {
  TestClient client;
  std::vector<OutRequest> requests;
  const std::uint16_t port = testing_support::closed_port();
  for (int i = 0; i < 20; ++i) requests.push_back(post_http2(port, "body"));
  for (const Exchange& exchange : client.send_all(std::move(requests))) {
    expect(exchange, ExchangeEnd::kUnconnected, false);
  }
}

TEST(Http2Facts, ClosedBeforeTheAnswerIsBrokenAndSent) {
  const Exchange exchange = exchange_with([](Peer peer) { take_request(peer); });
  expect(exchange, ExchangeEnd::kBroken, true);
}

TEST(Http2Facts, AnAnswerThatIsNoHttp2IsBrokenAndSent) {
  const Exchange exchange = exchange_with([](Peer peer) {
    read_bytes(peer, kPreface.size());
    read_frame_of(peer, kHeaders);
    peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.read_all();
  });
  expect(exchange, ExchangeEnd::kBroken, true);
}

TEST(Http2Facts, WhatTheServerRefusesIsUnsent) {
  const Exchange exchange = exchange_with([](Peer peer) {
    take_request(peer);
    peer.send(frame(kReset, 0, 1, number(7)));  // REFUSED_STREAM
    peer.read_all();
  });
  expect(exchange, ExchangeEnd::kUnconnected, false);
}

TEST(Http2Facts, WhatLiesBeyondAGoodbyeIsUnsent) {
  const Exchange exchange = exchange_with([](Peer peer) {
    take_request(peer);
    peer.send(frame(kGoodbye, 0, 0, number(0) + number(0)));
  });
  expect(exchange, ExchangeEnd::kUnconnected, false);
}

TEST(Http2Facts, WhatAGoodbyeIncludesIsBrokenWhenTheConnectionEnds) {
  const Exchange exchange = exchange_with([](Peer peer) {
    take_request(peer);
    peer.send(frame(kGoodbye, 0, 0, number(1) + number(0)));
  });
  expect(exchange, ExchangeEnd::kBroken, true);
}

TEST(Http2Facts, NoAnswerInTimeIsTimedOutAndTheNextCallHasAnotherConnection) {
  const auto answer = [](Peer peer) {
    take_request(peer);
    peer.send(frame(kHeaders, kEndStream | kEndHeaders, 1, "\x88"));  // ":status: 200"
    peer.read_all();
  };
  ScriptedServer server({[](Peer peer) {
                           take_request(peer);
                           peer.read_all();
                         },
                         answer});
  TestClient client;
  const Exchange late = client.send(post_http2(server.port(), "body"), 2s);
  EXPECT_EQ(late.end, ExchangeEnd::kTimedOut);
  EXPECT_TRUE(late.byte_sent);
  EXPECT_EQ(client.send(post_http2(server.port(), "body")).status, 200);
}

TEST(Http2Facts, InformationalHeadsAreSkippedAndTrailersNotTaken) {
  const Exchange exchange = exchange_with([](Peer peer) {
    take_request(peer);
    const std::string early = std::string("\x08\x03", 2) + "103" + std::string("\x00\x01", 2) +
                              "a" + std::string("\x01", 1) + "b";
    peer.send(frame(kHeaders, kEndHeaders, 1, early));
    peer.send(frame(kHeaders, kEndHeaders, 1, "\x88"));
    peer.send(frame(kData, 0, 1, "body"));
    peer.send(frame(kHeaders, kEndStream | kEndHeaders, 1,
                    std::string("\x00\x01", 2) + "c" + std::string("\x01", 1) + "d"));
    peer.read_all();
  });
  EXPECT_EQ(exchange.end, ExchangeEnd::kAnswered);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.body, "body");
  EXPECT_TRUE(exchange.headers.empty());
}

TEST(Http2Facts, TooLargeAnAnswerIsUnreadable) {
  TestServer server(echo);
  TestClient client({.answer_bytes_max = 1000});
  const Exchange exchange = client.send(post_http2(server.port(), std::string(2000, 'x')));
  EXPECT_EQ(exchange.end, ExchangeEnd::kUnreadable);
  EXPECT_EQ(exchange.body, "");
  EXPECT_EQ(client.send(post_http2(server.port(), "y")).status, 200);
}

// Hostile and clumsy clients

TEST(Http2Server, TakesItsOpeningByteByByte) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  const std::string bytes = opening() + frame(kHeaders, kEndStream | kEndHeaders, 1, post_head());
  for (const char byte : bytes) peer.send({&byte, 1});
  EXPECT_EQ(read_frame_of(peer, kHeaders).stream, 1U);
  EXPECT_EQ(read_frame_of(peer, kData).payload, "POST / ");
}

TEST(Http2Server, MoreThanOneAuthorizationIsRefused) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  const std::string authorization = "\x57\x01z";  // authorization: z (RFC 7541, A)
  const std::string head = post_head() + authorization + authorization;
  peer.send(opening() + frame(kHeaders, kEndStream | kEndHeaders, 1, head));
  EXPECT_EQ(read_frame_of(peer, kData).payload, "request: more than one Authorization");
}

TEST(Http2Server, ABodyThatDoesNotComeIsRefusedInTime) {
  ServerOptions options;
  options.body_time_max = 50ms;
  TestServer server(echo, options);
  Peer peer = Peer::connect(server.port());
  peer.send(opening() + frame(kHeaders, kEndHeaders, 1, post_head()));
  const Frame head = read_frame_of(peer, kHeaders);
  EXPECT_EQ(head.stream, 1U);
  EXPECT_EQ(read_frame_of(peer, kData).payload, "request: it did not arrive in time");
}

TEST(Http2Server, AHeadThatDoesNotComeIsRefusedInTime) {
  ServerOptions options;
  options.head_time_max = 50ms;
  options.idle_time_max = 200ms;
  TestServer server(echo, options);
  Peer peer = Peer::connect(server.port());
  peer.send(opening() + frame(kHeaders, 0, 1, post_head()));  // more is to follow
  peer.read_all();
}

TEST(Http2Server, AnOpeningThatStopsIsClosed) {
  ServerOptions options;
  options.idle_time_max = 50ms;
  TestServer server(echo, options);
  Peer peer = Peer::connect(server.port());
  peer.send("PRI * HT");
  EXPECT_TRUE(peer.is_closed());
}

TEST(Http2Server, WhatIsNoHttp2EndsTheConnection) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send(opening() + frame(kData, 0, 5, "of no stream"));
  EXPECT_EQ(read_frame_of(peer, kGoodbye).type, kGoodbye);
  peer.read_all();
}

/// CVE-2023-44487: a stream that is reset is no longer counted by the protocol, but its request
/// still runs.
TEST(Http2Server, WhoResetsAllThatItBeginsHasNoMoreRunning) {
  Crowd crowd;
  ServerOptions options;
  options.streams_max = 5;
  TestServer server([&crowd](Request& request) { return crowd.handle(request); }, options);
  Peer peer = Peer::connect(server.port());
  std::string bytes = opening();
  for (std::uint32_t i = 0; i < 100; ++i) {
    bytes += frame(kHeaders, kEndStream | kEndHeaders, 2 * i + 1, post_head());
    bytes += frame(kReset, 0, 2 * i + 1, number(8));
  }
  peer.send(bytes);
  EXPECT_TRUE(eventually([&] { return crowd.ended > 0 && crowd.now == 0; }));
  peer.send(frame(kHeaders, kEndStream | kEndHeaders, 1001, post_head()));
  while (true) {
    const Frame head = read_frame(peer);
    ASSERT_NE(head.type, 0xFF) << "the connection has ended";
    if (head.type == kHeaders && head.stream == 1001) break;
  }
  EXPECT_LE(crowd.most, 5);
  EXPECT_GE(crowd.most, 1);
}

TEST(Http2Server, AConnectionThatIsCutWhileRequestsRunEndsAfterThem) {
  Crowd crowd;
  TestServer server([&crowd](Request& request) { return crowd.handle(request); });
  {
    Peer peer = Peer::connect(server.port());
    std::string bytes = opening();
    for (std::uint32_t i = 0; i < 50; ++i) {
      bytes += frame(kHeaders, kEndStream | kEndHeaders, 2 * i + 1, post_head());
    }
    peer.send(bytes);
    read_frame(peer);
    peer.reset();
  }
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
  EXPECT_EQ(crowd.now, 0);
}

TEST(Http2Server, CanBeSwitchedOff) {
  ServerOptions options;
  options.http2 = false;
  TestServer server(echo, options);
  Peer peer = Peer::connect(server.port());
  peer.send(kPreface);
  EXPECT_EQ(peer.read_answer().status, 400);
}

}  // namespace
}  // namespace flowsell::http
