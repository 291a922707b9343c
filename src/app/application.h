#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>

#include "config/settings.h"
#include "core/error.h"
#include "store/database.h"

namespace flowsell::app {

/// The whole server: makes every part, in order, and ends them in the other. Reads like a list on
/// purpose.
class Application {
 public:
  explicit Application(const config::Settings& settings);
  ~Application();
  /// Opens, recovers, listens. Fails with what the operator must change.
  Result<> start();
  /// Drains: stops accepting, lets requests and attempts end, puts back what has not begun.
  /// Blocking.
  void stop();
  /// True when it asked for its end by itself (SIGTERM to this process): it must be started again.
  bool must_restart() const noexcept { return must_restart_; }

 private:
  class Parts;
  Result<std::unique_ptr<store::Database>> open_database(const std::filesystem::path& dir);
  const config::Settings& settings_;
  std::atomic<bool> must_restart_{false};
  std::unique_ptr<Parts> parts_;
};

}  // namespace flowsell::app
