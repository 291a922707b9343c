#pragma once

#include <memory>
#include <utility>

#include "client_lane.h"

namespace flowsell::http {

/// A slot of a host's connection limit and, once there is one, the connection in it. What is not
/// given back is closed, also when the coroutine that holds it is destroyed.
class ClientLane::Lease {
 public:
  explicit Lease(std::shared_ptr<ClientLane> lane) : lane_(std::move(lane)) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (host_ == nullptr) return;
    connection.reset();
    lane_->free_slot(*host_);
  }

  void hold(OutHost& host) { host_ = &host; }
  /// Holds a slot that nobody had.
  void open(OutHost& host) {
    ++host.open;
    hold(host);
  }
  /// The connection is another's from now on, which frees the slot at its end.
  std::unique_ptr<OutConnection> take_over() {
    host_ = nullptr;
    return std::move(connection);
  }
  void give_back() { lane_->give_back(*std::exchange(host_, nullptr), std::move(connection)); }

  std::unique_ptr<OutConnection> connection;

 private:
  std::shared_ptr<ClientLane> lane_;
  OutHost* host_ = nullptr;
};

}  // namespace flowsell::http
