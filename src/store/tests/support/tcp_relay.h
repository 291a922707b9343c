#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace flowsell::store {

/// Stands between a client and a server on 127.0.0.1, and loses what a test wants lost.
class TcpRelay {
 public:
  enum class Mode : std::uint8_t {
    kForwards,
    kSwallowsRequests,  ///< what clients send never comes to the server
    kSwallowsAnswers,   ///< what the server sends never comes to the clients
    kRefuses,           ///< closes new connections at once; those that are open are forwarded
  };

  explicit TcpRelay(std::uint16_t server_port);
  ~TcpRelay();
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  void set(Mode mode) noexcept { mode_ = mode; }
  /// Ends all open connections, on both sides.
  void cut();
  /// Bytes so far that kSwallowsRequests or kSwallowsAnswers has kept back.
  std::uint64_t swallowed() const noexcept { return swallowed_; }
  std::uint64_t accepted() const noexcept { return accepted_; }

 private:
  struct Pair {
    int client;
    int server;
  };
  void accept_all();
  void pump(int from, int to, Mode swallowing);

  const std::uint16_t server_port_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<Mode> mode_{Mode::kForwards};
  std::atomic<std::uint64_t> swallowed_{0};
  std::atomic<std::uint64_t> accepted_{0};
  std::mutex mutex_;
  bool stopping_ = false;
  std::vector<Pair> pairs_;
  std::vector<std::thread> pumps_;
  std::thread acceptor_;
};

}  // namespace flowsell::store
