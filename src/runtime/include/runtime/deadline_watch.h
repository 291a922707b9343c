#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "core/time.h"

namespace flowsell::runtime {

class DeadlineWatch;

/// Something with a deadline on one io_context: a connection, a pending call. Setting and clearing
/// it costs two stores; no timer is touched unless the new deadline is earlier than the one the
/// watch waits for.
class Deadline {
 public:
  /// `expired` runs on the watch's context, at most once for each set().
  Deadline(DeadlineWatch& watch, std::function<void()> expired);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(SteadyTime at);
  void set_after(std::chrono::milliseconds span) { set(std::chrono::steady_clock::now() + span); }
  void clear() noexcept { at_ = SteadyTime::max(); }

 private:
  friend class DeadlineWatch;
  DeadlineWatch& watch_;
  std::function<void()> expired_;
  SteadyTime at_ = SteadyTime::max();
  Deadline* previous_ = nullptr;
  Deadline* next_ = nullptr;
};

/// One timer for all deadlines of one io_context. It sleeps until the earliest; expiry is exact to
/// about 10 ms. Use from that context's thread only; outlives its deadlines.
class DeadlineWatch {
 public:
  explicit DeadlineWatch(boost::asio::io_context& io);
  ~DeadlineWatch();

 private:
  friend class Deadline;
  void link(Deadline& deadline);
  void unlink(Deadline& deadline) noexcept;
  void arm(SteadyTime at);
  void sweep();

  boost::asio::steady_timer timer_;
  SteadyTime armed_at_ = SteadyTime::max();
  Deadline* first_ = nullptr;
  Deadline* sweep_next_ = nullptr;  ///< so that an expiry may destroy any deadline
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  ///< shared with the timer's last handler
};

}  // namespace flowsell::runtime
