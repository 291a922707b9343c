#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <vector>

#include "config/settings.h"
#include "core/error.h"
#include "sandbox.h"

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
  Result<> make_parts(store::Database& shared);
  Result<std::vector<SandboxWorkspace>> start_one_cell(const std::filesystem::path& dir,
                                                       const EarlierKeys& earlier);
  Result<std::vector<SandboxWorkspace>> start_cells(const EarlierKeys& earlier);
  void tell_simulator();
  const config::Settings& settings_;
  std::atomic<bool> must_restart_{false};
  std::unique_ptr<Parts> parts_;
};

}  // namespace flowsell::app
