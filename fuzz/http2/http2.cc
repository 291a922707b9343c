// A server over foreign bytes behind HTTP/2's preface. Properties: a handler never sees more than
// the limits allow; the connection ends once the client has ended, whatever it said; and who comes
// next is served as if nothing had been.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/server.h"

namespace {

using flowsell::Awaitable;
using flowsell::Error;
using flowsell::http::Request;
using flowsell::http::Response;
using flowsell::http::Server;
using flowsell::http::ServerOptions;

constexpr std::size_t kHeadMax = 2048;
constexpr std::size_t kBodyMax = 4096;
constexpr std::size_t kStreamsMax = 8;
constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

Awaitable<Response> echo(Request& request) {
  std::size_t head = request.target.size();
  for (const auto& field : request.fields) head += field.name.size() + field.value.size();
  if (head > kHeadMax || request.body.size() > kBodyMax || request.target.empty()) std::abort();
  Response response;
  response.body = std::string(request.body);
  co_return response;
}

Response refuse(const Error& error) {
  Response response;
  response.status = flowsell::error_info(error.code).http_status;
  return response;
}

/// Lives as long as the process: a server for each input would be most of the work.
class Door {
 public:
  Door() : server_(pool_, options(), echo, refuse) {
    if (!server_.start()) std::abort();
    pool_.start();
  }
  ~Door() {
    server_.stop(std::chrono::milliseconds(0));
    pool_.stop();
  }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  std::uint16_t port() const { return server_.port(); }

 private:
  static ServerOptions options() {
    ServerOptions options;
    options.head_bytes_max = kHeadMax;
    options.body_bytes_max = kBodyMax;
    options.streams_max = kStreamsMax;
    return options;
  }
  flowsell::runtime::IoPool pool_{1};
  Server server_;
};

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
    std::abort();
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  return fd;
}

/// What the server says until it closes. A client that reads nothing meanwhile must write no more
/// than the sockets hold.
std::string exchange(std::uint16_t port, std::string_view bytes) {
  const int fd = connect_to(port);
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) std::abort();  // it has stopped reading
    if (sent <= 0) break;                           // it has closed already
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(fd, SHUT_WR);
  std::string said;
  char piece[4096];
  ssize_t count = 0;
  while ((count = ::recv(fd, piece, sizeof(piece), 0)) > 0)
    said.append(piece, static_cast<std::size_t>(count));
  if (count < 0 && errno == EAGAIN) std::abort();  // it has forgotten the connection
  ::close(fd);
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Door door;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  exchange(door.port(), std::string(kPreface).append(bytes));
  const auto next = exchange(door.port(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  if (!next.starts_with("HTTP/1.1 200")) std::abort();
  return 0;
}
