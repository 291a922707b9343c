#pragma once

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/client.h"
#include "http/server.h"
#include "runtime/io_pool.h"

namespace flowsell::http::testing_support {

using namespace std::chrono_literals;

struct RawAnswer {
  int status = 0;  ///< 0: the connection ended before a whole head
  std::string head;
  std::string body;
  std::string header(std::string_view name) const;
};

/// A blocking socket that a test drives byte by byte. Every wait ends after five seconds.
class Peer {
 public:
  static Peer connect(std::uint16_t port);
  explicit Peer(int fd);
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&&) = delete;
  ~Peer();

  void send(std::string_view bytes);
  /// One whole answer; bytes behind it are kept for the next call.
  RawAnswer read_answer(bool has_body = true);
  /// The answer's head alone, up to and with its empty line; empty when the connection ends before.
  std::string read_head();
  /// Reads one whole request (head and Content-Length body); empty when the connection ends before.
  std::string read_request();
  /// True when something can be read (an end, too) within `span`.
  bool wait_readable(std::chrono::milliseconds span);
  /// True when the other side closes without another byte.
  bool is_closed();
  /// What arrives until the other side closes.
  std::string read_all();
  void close();
  void reset();  ///< RST instead of FIN
  int fd() const noexcept { return fd_; }

 private:
  bool fill();
  std::string take(std::size_t bytes);
  int fd_ = -1;
  std::string buffer_;
};

/// A running server on a free port of 127.0.0.1.
class TestServer {
 public:
  explicit TestServer(Server::RequestHandler handler, ServerOptions options = {});
  ~TestServer();
  std::uint16_t port() const { return server->port(); }

  runtime::IoPool pool{1};
  std::unique_ptr<Server> server;
};

/// A listener on 127.0.0.1 whose connections a script serves, one thread for all, in order of their
/// arrival.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::function<void(Peer)>> scripts);
  ~ScriptedServer();
  std::uint16_t port() const noexcept { return port_; }

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// A port of 127.0.0.1 on which nobody listens.
std::uint16_t closed_port();

/// A client on one thread, and its calls made blocking.
class TestClient {
 public:
  explicit TestClient(ClientOptions options = {}, EgressOptions egress = {.allow_loopback = true});
  ~TestClient();
  Exchange send(OutRequest request, std::chrono::milliseconds span = 5s,
                std::function<bool()> before_first_byte = nullptr);
  /// All at once.
  std::vector<Exchange> send_all(std::vector<OutRequest> requests,
                                 std::chrono::milliseconds span = 5s);

  runtime::IoPool pool{1};
  std::unique_ptr<Client> client;
};

OutRequest get(std::uint16_t port, std::string target = "/");
OutRequest post(std::uint16_t port, std::string body);
/// The same by HTTP/2.
OutRequest post_http2(std::uint16_t port, std::string body, std::string target = "/");

/// How long a test waits for what must come, on a busy machine too: only one that fails waits so
/// long.
constexpr std::chrono::seconds kPatience{60};

/// True as soon as `fact()` is; false when it is not within kPatience. For facts that nothing
/// signals.
template <class F>
bool eventually(F fact) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!fact()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A handler that takes a moment, and counts how many of it run.
struct Crowd {
  Awaitable<Response> handle(Request& request);
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::atomic<int> ended{0};
};

/// Answers every request with 200 and "METHOD path body".
Awaitable<Response> echo(Request& request);

/// A self-signed certificate for `name` and its key, as PEM files that live as long as this.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& subject_alt_name);
  ~TestCertificate();
  std::string certificate_file;
  std::string key_file;
};

}  // namespace flowsell::http::testing_support
