#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace flowsell::runtime {

/// One io_context and one thread a core. A connection and all it owns stay on the context that
/// accepted it; work for another context is posted to it.
class IoPool {
 public:
  explicit IoPool(std::size_t threads);
  ~IoPool();  ///< stop(), if it was not called
  IoPool(const IoPool&) = delete;
  IoPool& operator=(const IoPool&) = delete;

  void start();
  /// Ends every context's loop, whatever still waits, and joins. Call after the services on it have
  /// stopped.
  void stop();

  std::size_t size() const noexcept { return contexts_.size(); }
  boost::asio::io_context& context(std::size_t i) noexcept { return *contexts_[i]; }

 private:
  std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
  std::vector<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
};

}  // namespace flowsell::runtime
