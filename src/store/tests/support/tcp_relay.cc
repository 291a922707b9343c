#include "tcp_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace flowsell::store {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* plain(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  if (::connect(fd, plain(address), sizeof(address)) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

TcpRelay::TcpRelay(std::uint16_t server_port) : server_port_(server_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(listener_, plain(address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the relay can't listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TcpRelay::~TcpRelay() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  cut();
  for (std::thread& each : pumps_) each.join();
  for (const Pair& pair : pairs_) {
    ::close(pair.client);
    ::close(pair.server);
  }
  ::close(listener_);
}

void TcpRelay::cut() {
  const std::lock_guard lock(mutex_);
  for (const Pair& pair : pairs_) {
    ::shutdown(pair.client, SHUT_RDWR);
    ::shutdown(pair.server, SHUT_RDWR);
  }
}

void TcpRelay::accept_all() {
  while (true) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (stopping_ || client < 0) {
      if (client >= 0) ::close(client);
      return;
    }
    const int server = mode_ == Mode::kRefuses ? -1 : connect_to(server_port_);
    if (server < 0) {
      ::close(client);
      continue;
    }
    ++accepted_;
    pairs_.push_back({client, server});
    pumps_.emplace_back([this, client, server] { pump(client, server, Mode::kSwallowsRequests); });
    pumps_.emplace_back([this, client, server] { pump(server, client, Mode::kSwallowsAnswers); });
  }
}

void TcpRelay::pump(int from, int to, Mode swallowing) {
  std::array<char, 16 * 1024> bytes;
  while (true) {
    const ssize_t size = ::recv(from, bytes.data(), bytes.size(), 0);
    if (size <= 0) break;
    if (mode_ == swallowing) {
      swallowed_ += static_cast<std::uint64_t>(size);
      continue;
    }
    if (::send(to, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) != size) break;
  }
  ::shutdown(to, SHUT_RDWR);  // the file descriptors are closed by the destructor
}

}  // namespace flowsell::store
