#pragma once

#include "media/library.h"
#include "runtime/io_pool.h"
#include "runtime/rounds.h"

namespace flowsell::app {

/// Keeps a cell's files at their providers, some times a day.
class MediaRenewals {
 public:
  MediaRenewals(runtime::IoPool& pool, media::Library& library);

  void start() { rounds_.start(); }
  void stop() { rounds_.stop(); }
  /// After stop(). Blocking.
  void wait();

 private:
  Awaitable<void> round();

  media::Library& library_;
  runtime::Rounds rounds_;
};

}  // namespace flowsell::app
