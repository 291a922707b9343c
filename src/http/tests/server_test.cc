#include <gtest/gtest.h>
#include <zlib.h>

#include <boost/asio/steady_timer.hpp>
#include <future>

#include "support.h"

namespace flowsell::http {
namespace {

using testing_support::echo;
using testing_support::kPatience;
using testing_support::Peer;
using testing_support::RawAnswer;
using testing_support::TestServer;
using namespace std::chrono_literals;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post_of(std::size_t bytes) {
  return "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
         std::string(bytes, 'b');
}

RawAnswer ask(std::string_view request, ServerOptions options = {}) {
  TestServer server(echo, std::move(options));
  Peer peer = Peer::connect(server.port());
  peer.send(request);
  return peer.read_answer();
}

TEST(Server, AnswersARequest) { EXPECT_EQ(ask(kGet).body, "GET /a "); }

TEST(Server, HandsTheBodyToTheHandler) { EXPECT_EQ(ask(post_of(3)).body, "POST /p bbb"); }

TEST(Server, SendsADate) {
  const std::string date = ask(kGet).header("date");
  EXPECT_EQ(date.size(), 29U);
  EXPECT_TRUE(date.ends_with(" GMT"));
}

TEST(Server, KeepsTheConnection) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  peer.read_answer();
  peer.send(post_of(2));
  EXPECT_EQ(peer.read_answer().body, "POST /p bb");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send(std::string(kGet) + post_of(1) + "GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(peer.read_answer().body, "GET /a ");
  EXPECT_EQ(peer.read_answer().body, "POST /p b");
  EXPECT_EQ(peer.read_answer().body, "GET /c ");
}

TEST(Server, ReadsARequestThatComesByteByByte) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  for (const char c : post_of(5)) peer.send({&c, 1});
  EXPECT_EQ(peer.read_answer().body, "POST /p bbbbb");
}

TEST(Server, ReadsChunkedBodies) {
  EXPECT_EQ(ask("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: t\r\n\r\n")
                .body,
            "POST /p abcde");
}

TEST(Server, GoesOnBehindAChunkedBody) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" +
            std::string(kGet));
  peer.read_answer();
  EXPECT_EQ(peer.read_answer().body, "GET /a ");
}

TEST(Server, ClosesWhenTheClientAsksForIt) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.read_answer().header("connection"), "close");
  EXPECT_TRUE(peer.is_closed());
}

TEST(Server, ClosesAfterHttp10) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(peer.read_answer().status, 200);
  EXPECT_TRUE(peer.is_closed());
}

TEST(Server, KeepsAnHttp10ConnectionOnRequest) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(peer.read_answer().header("connection"), "keep-alive");
  peer.send(kGet);
  EXPECT_EQ(peer.read_answer().status, 200);
}

TEST(Server, HeadHasTheLengthButNotTheBody) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string all = peer.read_all();
  EXPECT_NE(all.find("Content-Length: 8\r\n"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

Awaitable<Response> nothing(Request&) {
  Response response;
  response.status = 204;
  co_return response;
}

TEST(Server, NoContentHasNoLength) {
  TestServer server(nothing);
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  EXPECT_EQ(peer.read_answer().header("content-length"), "");
}

Awaitable<Response> splitting(Request&) {
  Response response;
  response.headers.push_back({"Location", "/a\r\nSet-Cookie: evil=1"});
  co_return response;
}

TEST(Server, AHeaderValueCannotAddAHeader) {
  TestServer server(splitting);
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  EXPECT_EQ(peer.read_answer().header("set-cookie"), "");
}

Awaitable<Response> throwing(Request&) {
  throw std::runtime_error("secret");
  co_return Response{};
}

TEST(Server, AHandlerThatThrowsIsAnInternalError) {
  TestServer server(throwing);
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  EXPECT_EQ(peer.read_answer().status, 500);
}

Awaitable<Response> unanswering(Request&) {
  Response response;
  response.status = kCloseUnanswered;
  co_return response;
}

TEST(Server, AHandlerMayCloseWithoutAnAnswer) {
  TestServer server(unanswering);
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  EXPECT_EQ(peer.read_all(), "");
}

Awaitable<Response> halving(Request&) {
  Response response;
  response.body = std::string(1000, 'h');
  response.cut_in_half = true;
  co_return response;
}

TEST(Server, AHandlerMayBreakOffItsAnswer) {
  TestServer server(halving);
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  const std::string all = peer.read_all();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK"));
  EXPECT_LT(all.size(), 1000U);
}

TEST(Server, IgnoresEmptyLinesBeforeARequest) {
  EXPECT_EQ(ask("\r\n\r\n" + std::string(kGet)).status, 200);
}

TEST(Server, TakesTheAbsoluteForm) {
  EXPECT_EQ(ask("GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n").body, "GET /a ");
}

Awaitable<Response> huge(Request&) {
  Response response;
  response.content_type = "application/octet-stream";
  response.body.assign(8 << 20, 'x');
  co_return response;
}

TEST(Server, AnAnswerLargerThanTheSocketsBufferArrivesWhole) {
  TestServer server(huge);
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  EXPECT_EQ(peer.read_answer().body.size(), std::size_t{8} << 20U);
}

// Limits

std::string head_of(std::size_t bytes) {
  const std::string front = "GET / HTTP/1.1\r\nHost: x\r\nPad: ";
  return front + std::string(bytes - front.size() - 4, 'p') + "\r\n\r\n";
}

ServerOptions small() {
  ServerOptions options;
  options.head_bytes_max = 256;
  options.body_bytes_max = 1000;
  return options;
}

TEST(ServerLimits, AHeadOfExactlyTheLimitIsRead) {
  EXPECT_EQ(ask(head_of(256), small()).status, 200);
}
TEST(ServerLimits, AHeadOneByteOverIsTooLarge) {
  EXPECT_EQ(ask(head_of(257), small()).status, 431);
}

TEST(ServerLimits, ARequestLineOverTheLimitIsTooLong) {
  EXPECT_EQ(ask("GET /" + std::string(300, 'u') + " HTTP/1.1\r\nHost: x\r\n\r\n", small()).status,
            414);
}

TEST(ServerLimits, ABodyOfExactlyTheLimitIsRead) {
  EXPECT_EQ(ask(post_of(1000), small()).status, 200);
}
TEST(ServerLimits, ABodyOneByteOverIsTooLarge) {
  EXPECT_EQ(ask(post_of(1001), small()).status, 413);
}

std::string chunked_of(std::size_t bytes) {
  std::string text = "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t i = 0; i < bytes; ++i) text += "1\r\nb\r\n";
  return text + "0\r\n\r\n";
}

TEST(ServerLimits, ChunksOfExactlyTheLimitAreRead) {
  EXPECT_EQ(ask(chunked_of(1000), small()).status, 200);
}
TEST(ServerLimits, ChunksOneByteOverAreTooLarge) {
  EXPECT_EQ(ask(chunked_of(1001), small()).status, 413);
}

TEST(ServerLimits, ATooLargeBodyIsRefusedBeforeItComes) {
  EXPECT_EQ(ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", small()).status, 413);
}

TEST(ServerLimits, ARefusedConnectionIsClosed) {
  TestServer server(echo, small());
  Peer peer = Peer::connect(server.port());
  peer.send(post_of(1001));
  EXPECT_EQ(peer.read_answer().header("connection"), "close");
  EXPECT_TRUE(peer.is_closed());
}

TEST(ServerLimits, AConnectionOverTheLimitIsClosedAtOnce) {
  ServerOptions options;
  options.connections_max = 1;
  TestServer server(echo, options);
  Peer first = Peer::connect(server.port());
  first.send(kGet);
  first.read_answer();
  Peer second = Peer::connect(server.port());
  EXPECT_TRUE(second.is_closed());
}

// Expect

constexpr std::string_view kExpecting =
    "POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";

TEST(ServerExpect, AsksForTheBody) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send(kExpecting);
  EXPECT_EQ(peer.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ab");
  EXPECT_EQ(peer.read_answer().body, "POST /p ab");
}

TEST(ServerExpect, DoesNotAskForABodyThatIsHere) {
  EXPECT_EQ(ask(std::string(kExpecting) + "ab").status, 200);
}

TEST(ServerExpect, ATooLargeBodyIsRefusedAtOnce) {
  EXPECT_EQ(
      ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
          small())
          .status,
      413);
}

TEST(ServerExpect, AnotherExpectationFails) {
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n").status, 417);
}

// gzip

Awaitable<Response> large(Request& request) {
  Response response;
  response.body.assign(1024, 'g');
  if (request.path == "/small") response.body.pop_back();
  if (request.path == "/image") response.content_type = "image/png";
  co_return response;
}

RawAnswer ask_packed(std::string_view path, std::string_view accept) {
  TestServer server(large);
  Peer peer = Peer::connect(server.port());
  peer.send("GET " + std::string(path) +
            " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: " + std::string(accept) + "\r\n\r\n");
  return peer.read_answer();
}

std::string unpack(std::string packed) {
  std::string out(64 * 1024, '\0');
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(ServerGzip, PacksForWhoAcceptsIt) {
  const RawAnswer answer = ask_packed("/", "br, gzip;q=0.5");
  EXPECT_EQ(answer.header("content-encoding"), "gzip");
  EXPECT_EQ(unpack(answer.body), std::string(1024, 'g'));
}

TEST(ServerGzip, PacksForAnyCoding) {
  EXPECT_EQ(ask_packed("/", "*").header("content-encoding"), "gzip");
}
TEST(ServerGzip, QualityZeroRefusesIt) {
  EXPECT_EQ(ask_packed("/", "gzip;q=0.000, *").header("content-encoding"), "");
}
TEST(ServerGzip, SmallerThanTheLimitIsNotPacked) {
  EXPECT_EQ(ask_packed("/small", "gzip").header("content-encoding"), "");
}
TEST(ServerGzip, ImagesAreNotPacked) {
  EXPECT_EQ(ask_packed("/image", "gzip").header("content-encoding"), "");
}
TEST(ServerGzip, CachesAreToldThatTheAnswerVaries) {
  EXPECT_EQ(ask_packed("/", "identity").header("vary"), "Accept-Encoding");
}

// Time

ServerOptions hasty() {
  ServerOptions options;
  options.head_time_max = 30ms;
  options.body_time_max = 30ms;
  options.idle_time_max = 30ms;
  return options;
}

TEST(ServerTime, ASlowHeadIsCut) { EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost:", hasty()).status, 408); }
TEST(ServerTime, ASlowBodyIsCut) {
  EXPECT_EQ(ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", hasty()).status, 408);
}

TEST(ServerTime, AnIdleConnectionIsClosedWithoutAWord) {
  TestServer server(echo, hasty());
  Peer peer = Peer::connect(server.port());
  EXPECT_EQ(peer.read_all(), "");
}

TEST(ServerTime, AClientThatDoesNotReadIsCut) {
  TestServer server(huge, hasty());
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  peer.wait_readable(kPatience);
  while (server.server->connections() > 0) std::this_thread::yield();
  EXPECT_LT(peer.read_all().size(), std::size_t{8} << 20U);
}

TEST(ServerTime, AByteNowAndThenDoesNotMoveTheDeadline) {
  TestServer server(echo, hasty());
  Peer peer = Peer::connect(server.port());
  peer.send("GET / HTTP/1.1\r\nA: ");
  for (int i = 0; i < 5000 && !peer.wait_readable(1ms); ++i) peer.send("x");
  EXPECT_EQ(peer.read_answer().status, 408);
}

// Drain

TEST(ServerDrain, ClosesIdleConnections) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  peer.read_answer();
  server.server->stop(5s);
  EXPECT_TRUE(peer.is_closed());
  EXPECT_EQ(server.server->connections(), 0U);
}

TEST(ServerDrain, RefusesNewConnections) {
  TestServer server(echo);
  const std::uint16_t port = server.port();
  server.server->stop(0ms);
  EXPECT_THROW(Peer::connect(port), std::runtime_error);
}

/// Holds every request until it is let go.
struct Gate {
  Awaitable<Response> wait(Request& request) {
    // In the coroutine's frame: the gate outlives the context that a timer belongs to.
    net::steady_timer never(co_await net::this_coro::executor, std::chrono::hours(1));
    timer = &never;
    entered.set_value();
    co_await never.async_wait(use_result);
    co_return co_await echo(request);
  }
  std::promise<void> entered;
  net::steady_timer* timer = nullptr;
};

TEST(ServerDrain, LetsARunningRequestFinish) {
  Gate gate;
  TestServer server([&gate](Request& request) { return gate.wait(request); });
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  gate.entered.get_future().wait();
  std::thread stopper([&] { server.server->stop(5s); });
  while (true) {  // until the listener is gone, and with it the draining has begun
    try {
      Peer::connect(server.port());
    } catch (const std::runtime_error&) {
      break;
    }
  }
  net::post(server.pool.context(0), [&] { gate.timer->cancel(); });
  const RawAnswer answer = peer.read_answer();
  stopper.join();
  EXPECT_EQ(answer.body, "GET /a ");
  EXPECT_EQ(answer.header("connection"), "close");
}

TEST(ServerDrain, CutsWhatIsLeftAfterTheGrace) {
  Gate gate;
  TestServer server([&gate](Request& request) { return gate.wait(request); });
  Peer peer = Peer::connect(server.port());
  peer.send(kGet);
  gate.entered.get_future().wait();
  server.server->stop(1ms);
  EXPECT_EQ(peer.read_answer().status, 0);
}

TEST(ServerStart, APortInUseIsAnError) {
  TestServer first(echo);
  ServerOptions options;
  options.port = first.port();
  EXPECT_THROW(TestServer(echo, options), std::runtime_error);
}

TEST(ServerStart, AnUnreadableCertificateIsAnError) {
  ServerOptions options;
  options.tls_certificate_file = "no such file";
  EXPECT_THROW(TestServer(echo, options), std::runtime_error);
}

// Requests that two servers could read differently

struct RefusedCase {
  const char* name;
  const char* request;
};

class ServerRefuses : public testing::TestWithParam<RefusedCase> {};

TEST_P(ServerRefuses, With400AndCloses) {
  TestServer server(echo);
  Peer peer = Peer::connect(server.port());
  peer.send(GetParam().request);
  EXPECT_EQ(peer.read_answer().status, 400);
  EXPECT_TRUE(peer.is_closed());
}

constexpr RefusedCase kRefused[] = {
    {"LengthThenChunked",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n"},
    {"ChunkedThenLength",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: "
     "3\r\n\r\n0\r\n\r\n"},
    {"TwoAuthorizations",
     "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"},
    {"TwoLengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"},
    {"LengthList", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na"},
    {"NegativeLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"},
    {"SignedLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na"},
    {"EmptyLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"},
    {"GzipCoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"},
    {"ChunkedNotLast",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n"},
    {"GzipThenChunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
    {"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"FoldedField", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"},
    {"FoldedEmptyField", "GET / HTTP/1.1\r\nHost: x\r\nA:\r\n c\r\n\r\n"},
    {"FoldedBlankField", "GET / HTTP/1.1\r\nHost: x\r\nA:\r\n \r\n\r\n"},
    {"NoHost", "GET / HTTP/1.1\r\nA: b\r\n\r\n"},
    {"TwoHosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"},
    {"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
    {"SpaceBeforeName", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"},
    {"LineFeedOnly", "GET / HTTP/1.1\nHost: x\n\n\r\n\r\n"},
    {"BareLineFeedInHead", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"},
    {"Http09", "GET /\r\n\r\n"},
    {"BadChunkSize",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n0\r\n\r\n"},
    {"ChunkLongerThanItsSize",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"},
};
INSTANTIATE_TEST_SUITE_P(Table, ServerRefuses, testing::ValuesIn(kRefused),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::http
