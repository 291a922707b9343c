#pragma once

#include <chrono>
#include <memory>

#include "config/settings.h"
#include "core/error.h"

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

 private:
  class Parts;
  const config::Settings& settings_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace flowsell::app
