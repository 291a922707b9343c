#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "support.h"

namespace flowsell::http {
namespace {

using testing_support::closed_port;
using testing_support::echo;
using testing_support::get;
using testing_support::Peer;
using testing_support::post;
using testing_support::ScriptedServer;
using testing_support::TestCertificate;
using testing_support::TestClient;
using testing_support::TestServer;
using namespace std::chrono_literals;

std::function<void(Peer)> answering(std::string answer) {
  return [answer = std::move(answer)](Peer peer) {
    peer.read_request();
    peer.send(answer);
  };
}

Exchange exchange_with(std::function<void(Peer)> script, ClientOptions options = {}) {
  ScriptedServer server({std::move(script)});
  TestClient client(std::move(options));
  return client.send(post(server.port(), "body"));
}

TEST(Client, ReadsStatusHeadersAndBody) {
  const Exchange exchange =
      exchange_with(answering("HTTP/1.1 201 Created\r\nX-Id: 7\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_EQ(exchange.end, ExchangeEnd::kAnswered);
  EXPECT_EQ(exchange.status, 201);
  EXPECT_EQ(exchange.header("x-id"), "7");
  EXPECT_EQ(exchange.body, "ok");
}

TEST(Client, SendsHostLengthAndBody) {
  std::promise<std::string> seen;
  exchange_with([&](Peer peer) { seen.set_value(peer.read_request()); });
  const std::string request = seen.get_future().get();
  EXPECT_TRUE(request.starts_with("POST / HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_TRUE(request.ends_with("Content-Length: 4\r\n\r\nbody"));
}

TEST(Client, TheCallerCannotSetTheLength) {
  std::promise<std::string> seen;
  ScriptedServer server({[&](Peer peer) { seen.set_value(peer.read_request()); }});
  TestClient client;
  OutRequest request = post(server.port(), "body");
  request.headers.push_back({"Content-Length", "99"});
  client.send(std::move(request));
  EXPECT_EQ(seen.get_future().get().find("Length: 99"), std::string::npos);
}

TEST(Client, SkipsInformationalAnswers) {
  const Exchange exchange = exchange_with(
      answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"));
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.header("link"), "");
}

TEST(Client, ReadsChunkedAnswers) {
  EXPECT_EQ(exchange_with(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"))
                .body,
            "abc");
}

TEST(Client, ReadsABodyUntilTheConnectionCloses) {
  EXPECT_EQ(exchange_with(answering("HTTP/1.0 200 OK\r\n\r\nall of it")).body, "all of it");
}

TEST(Client, AnEmptyBodyUntilTheConnectionClosesIsAnAnswer) {
  EXPECT_EQ(exchange_with(answering("HTTP/1.1 200 OK\r\n\r\n")).end, ExchangeEnd::kAnswered);
}

TEST(Client, AnAnswerToHeadHasNoBody) {
  ScriptedServer server({answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")});
  TestClient client;
  OutRequest request = get(server.port());
  request.method = Method::kHead;
  EXPECT_EQ(client.send(std::move(request)).end, ExchangeEnd::kAnswered);
}

TEST(Client, AServerErrorIsAnAnswer) {
  const Exchange exchange =
      exchange_with(answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(exchange.end, ExchangeEnd::kAnswered);
  EXPECT_EQ(exchange.status, 503);
}

TEST(Client, RedirectsAreNotFollowed) {
  EXPECT_EQ(
      exchange_with(answering("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"))
          .status,
      302);
}

// What is known of the first byte

TEST(ClientFacts, ARefusedConnectionSentNothing) {
  TestClient client;
  const Exchange exchange = client.send(post(closed_port(), "body"));
  EXPECT_EQ(exchange.end, ExchangeEnd::kUnconnected);
  EXPECT_FALSE(exchange.byte_sent);
}

TEST(ClientFacts, ClosedBeforeTheAnswerIsBrokenAndSent) {
  const Exchange exchange = exchange_with([](Peer peer) { peer.read_request(); });
  EXPECT_EQ(exchange.end, ExchangeEnd::kBroken);
  EXPECT_TRUE(exchange.byte_sent);
}

TEST(ClientFacts, ResetBeforeTheAnswerIsBrokenAndSent) {
  const Exchange exchange = exchange_with([](Peer peer) {
    peer.read_request();
    peer.reset();
  });
  EXPECT_EQ(exchange.end, ExchangeEnd::kBroken);
  EXPECT_TRUE(exchange.byte_sent);
}

TEST(ClientFacts, ClosedWithinTheAnswerIsBroken) {
  EXPECT_EQ(exchange_with(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")).end,
            ExchangeEnd::kBroken);
}

TEST(ClientFacts, NoAnswerInTimeIsTimedOutAndSent) {
  std::promise<void> over;
  ScriptedServer server({[done = over.get_future().share()](Peer peer) {
    peer.read_request();
    done.wait();
  }});
  TestClient client;
  const Exchange exchange = client.send(post(server.port(), "body"), 2s);
  over.set_value();
  EXPECT_EQ(exchange.end, ExchangeEnd::kTimedOut);
  EXPECT_TRUE(exchange.byte_sent);
}

TEST(ClientFacts, ADeadlineInThePastSendsNothing) {
  ScriptedServer server({[](Peer peer) { peer.read_request(); }});
  TestClient client;
  EXPECT_FALSE(client.send(post(server.port(), "body"), -1ms).byte_sent);
}

TEST(ClientFacts, AnAnswerOfExactlyTheLimitIsRead) {
  ClientOptions options;
  options.answer_bytes_max = 4;
  EXPECT_EQ(
      exchange_with(answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd"), options).body,
      "abcd");
}

TEST(ClientFacts, AnAnswerOneByteOverTheLimitIsUnreadable) {
  ClientOptions options;
  options.answer_bytes_max = 4;
  const Exchange exchange =
      exchange_with(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"), options);
  EXPECT_EQ(exchange.end, ExchangeEnd::kUnreadable);
  EXPECT_TRUE(exchange.byte_sent);
}

TEST(ClientFacts, AnUnboundedAnswerOverTheLimitIsUnreadable) {
  ClientOptions options;
  options.answer_bytes_max = 4;
  EXPECT_EQ(exchange_with(answering("HTTP/1.1 200 OK\r\n\r\nabcde"), options).end,
            ExchangeEnd::kUnreadable);
}

TEST(ClientFacts, WhatIsNotHttpIsUnreadable) {
  EXPECT_EQ(exchange_with(answering("220 smtp.example ESMTP\r\n\r\n")).end,
            ExchangeEnd::kUnreadable);
}

TEST(ClientFacts, AnUnknownCodingIsUnreadable) {
  EXPECT_EQ(exchange_with(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")).end,
            ExchangeEnd::kUnreadable);
}

TEST(ClientFacts, AHookThatRefusesSendsNothing) {
  std::promise<std::string> seen;
  ScriptedServer server({[&](Peer peer) { seen.set_value(peer.read_all()); }});
  TestClient client;
  const Exchange exchange = client.send(post(server.port(), "body"), 5s, [] { return false; });
  EXPECT_EQ(exchange.end, ExchangeEnd::kUnconnected);
  EXPECT_FALSE(exchange.byte_sent);
  EXPECT_EQ(seen.get_future().get(), "");
}

TEST(ClientFacts, TheHookDoesNotRunWithoutAConnection) {
  TestClient client;
  bool ran = false;
  client.send(post(closed_port(), "body"), 5s, [&ran] { return ran = true; });
  EXPECT_FALSE(ran);
}

TEST(ClientFacts, AnAddressThatTheGuardRefusesIsNotCalled) {
  TestClient client({}, {});
  const Exchange exchange = client.send(post(closed_port(), "body"));
  EXPECT_EQ(exchange.end, ExchangeEnd::kRefused);
  EXPECT_FALSE(exchange.byte_sent);
}

// The pool

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

TEST(ClientPool, ReusesASoundConnection) {
  ScriptedServer server({[](Peer peer) {
    while (!peer.read_request().empty()) peer.send(kOk);
  }});
  TestClient client;
  client.send(get(server.port()));
  EXPECT_EQ(client.send(get(server.port())).end, ExchangeEnd::kAnswered);
}

/// Answers one request on each of two connections and tells what it saw on the second.
struct TwoConnections {
  std::function<void(Peer)> second() {
    return [this](Peer peer) {
      saw.set_value(peer.read_request());
      peer.send(kOk);
    };
  }
  std::promise<std::string> saw;
};

TEST(ClientPool, AConnectionThatWasClosedIsNotReused) {
  std::promise<void> closed;
  TwoConnections two;
  ScriptedServer server({[&](Peer peer) {
                           peer.read_request();
                           peer.send(kOk);
                           peer.close();
                           closed.set_value();
                         },
                         two.second()});
  TestClient client;
  client.send(get(server.port()));
  closed.get_future().wait();
  EXPECT_EQ(client.send(get(server.port())).end, ExchangeEnd::kAnswered);
}

TEST(ClientPool, AConnectionWithUnaskedBytesIsNotReused) {
  std::promise<void> sent;
  std::promise<void> over;
  TwoConnections two;
  ScriptedServer server({[&](Peer peer) {
                           peer.read_request();
                           peer.send(kOk);
                           peer.send("HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n");
                           sent.set_value();
                         },
                         two.second()});
  TestClient client;
  client.send(get(server.port()));
  sent.get_future().wait();
  EXPECT_EQ(client.send(get(server.port())).status, 200);
}

TEST(ClientPool, AnAnswerThatClosesIsTheConnectionsLast) {
  TwoConnections two;
  ScriptedServer server(
      {answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
       two.second()});
  TestClient client;
  client.send(get(server.port()));
  client.send(get(server.port(), "/second"));
  EXPECT_TRUE(two.saw.get_future().get().starts_with("GET /second "));
}

TEST(ClientPool, AnHttp10AnswerIsTheConnectionsLast) {
  TwoConnections two;
  ScriptedServer server({answering("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), two.second()});
  TestClient client;
  client.send(get(server.port()));
  client.send(get(server.port(), "/second"));
  EXPECT_TRUE(two.saw.get_future().get().starts_with("GET /second "));
}

TEST(ClientPool, AnIdleConnectionIsClosedInTime) {
  std::promise<bool> closed;
  ScriptedServer server({[&](Peer peer) {
    peer.read_request();
    peer.send(kOk);
    closed.set_value(peer.is_closed());
  }});
  ClientOptions options;
  options.idle_time_max = 20ms;
  TestClient client(options);
  client.send(get(server.port()));
  EXPECT_TRUE(closed.get_future().get());
}

TEST(ClientPool, CallsBeyondTheConnectionsWaitForTheirTurn) {
  ScriptedServer server({[](Peer peer) {
    while (!peer.read_request().empty()) peer.send(kOk);
  }});
  ClientOptions options;
  options.connections_per_host_max = 1;
  TestClient client(options);
  for (const Exchange& exchange :
       client.send_all({get(server.port()), get(server.port()), get(server.port())})) {
    EXPECT_EQ(exchange.end, ExchangeEnd::kAnswered);
  }
}

TEST(ClientPool, AClientDoesNotWaitForAnothersConnections) {
  std::promise<void> over;
  ScriptedServer server({[done = over.get_future().share()](Peer peer) {
    peer.read_request();
    done.wait();
  }});
  ClientOptions options;
  options.connections_per_host_max = 1;
  TestClient client(options);
  OutRequest slow = get(server.port());
  slow.client = {1};
  OutRequest other = get(server.port());
  other.client = {2};
  const auto ended = client.send_all({slow, other}, 2s);
  over.set_value();
  EXPECT_TRUE(ended[1].byte_sent);
}

TEST(ClientPool, ABrokenConnectionsSlotGoesToTheNext) {
  ScriptedServer server({[](Peer peer) { peer.read_request(); }, answering(std::string(kOk))});
  ClientOptions options;
  options.connections_per_host_max = 1;
  TestClient client(options);
  const auto ended = client.send_all({get(server.port()), get(server.port())});
  EXPECT_EQ(ended[1].end, ExchangeEnd::kAnswered);
}

TEST(ClientPool, OneCallerTooManyIsOverload) {
  ScriptedServer server({[](Peer peer) {
    while (!peer.read_request().empty()) peer.send(kOk);
  }});
  ClientOptions options;
  options.connections_per_host_max = 1;
  options.waiting_per_host_max = 1;
  TestClient client(options);
  const auto ended = client.send_all({get(server.port()), get(server.port()), get(server.port())});
  EXPECT_EQ(ended[1].end, ExchangeEnd::kAnswered);
  EXPECT_EQ(ended[2].end, ExchangeEnd::kOverloaded);
}

TEST(ClientPool, AWaitPastTheDeadlineIsOverloadAndSentNothing) {
  std::promise<void> over;
  ScriptedServer server({[done = over.get_future().share()](Peer peer) {
    peer.read_request();
    done.wait();
  }});
  ClientOptions options;
  options.connections_per_host_max = 1;
  TestClient client(options);
  const auto ended = client.send_all({get(server.port()), get(server.port())}, 50ms);
  over.set_value();
  EXPECT_EQ(ended[1].end, ExchangeEnd::kOverloaded);
  EXPECT_FALSE(ended[1].byte_sent);
}

// TLS

class ClientTls : public testing::Test {
 protected:
  explicit ClientTls(const std::string& name = "DNS:localhost") : certificate_(name) {}

  static ServerOptions options_of(const TestCertificate& certificate) {
    ServerOptions options;
    options.tls_certificate_file = certificate.certificate_file;
    options.tls_key_file = certificate.key_file;
    return options;
  }

  Exchange call(std::string host, std::string ca_file, std::string body = "body") {
    ClientOptions options;
    options.tls_ca_file = std::move(ca_file);
    TestClient client(options);
    OutRequest request = post(server_.port(), std::move(body));
    request.url.tls = true;
    request.url.host = std::move(host);
    client.send(request);
    return client.send(request);  // on the connection of the first
  }

  TestCertificate certificate_;
  TestServer server_{echo, options_of(certificate_)};
};

TEST_F(ClientTls, RoundTrip) {
  EXPECT_EQ(call("localhost", certificate_.certificate_file).body, "POST / body");
}

TEST_F(ClientTls, LargeBodiesRoundTrip) {
  const std::string body(200'000, 'x');
  EXPECT_EQ(call("localhost", certificate_.certificate_file, body).body, "POST / " + body);
}

TEST_F(ClientTls, ACertificateForAnotherNameIsRefused) {
  const Exchange exchange = call("127.0.0.1", certificate_.certificate_file);
  EXPECT_EQ(exchange.end, ExchangeEnd::kUnconnected);
  EXPECT_FALSE(exchange.byte_sent);
}

TEST_F(ClientTls, AnUnknownAuthorityIsRefused) {
  const TestCertificate other("DNS:localhost");
  EXPECT_EQ(call("localhost", other.certificate_file).end, ExchangeEnd::kUnconnected);
}

class ClientTlsAddress : public ClientTls {
 protected:
  ClientTlsAddress() : ClientTls("IP:127.0.0.1") {}
};

TEST_F(ClientTlsAddress, ACertificateMayNameAnAddress) {
  EXPECT_EQ(call("127.0.0.1", certificate_.certificate_file).status, 200);
}

TEST(ClientTlsHandshake, APeerThatSpeaksNoTlsIsUnconnectedAndSentNothing) {
  ScriptedServer server({[](Peer peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); }});
  TestClient client;
  OutRequest request = post(server.port(), "body");
  request.url.tls = true;
  const Exchange exchange = client.send(std::move(request));
  EXPECT_EQ(exchange.end, ExchangeEnd::kUnconnected);
  EXPECT_FALSE(exchange.byte_sent);
}

}  // namespace
}  // namespace flowsell::http
