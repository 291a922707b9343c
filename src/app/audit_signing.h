#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>

#include "audit/head_file.h"
#include "config/settings.h"
#include "core/time.h"
#include "runtime/io_pool.h"
#include "runtime/work_count.h"
#include "store/database.h"

namespace flowsell::app {

/// Where a process signs the ends of its audit chains.
std::filesystem::path audit_head_file(const config::Settings& settings);

/// Signs what has been put on record in one database since the last time, once a minute: from then
/// on it can't be taken back unseen. Databases of one process share the file.
class AuditSigning {
 public:
  AuditSigning(runtime::IoPool& pool, store::Database& db, audit::HeadFile& file,
               const Clock& clock);
  /// The pool runs, or will.
  void start();
  /// No round begins any more; what was put on record by now is signed. Blocking; before the
  /// database stops.
  void stop();

 private:
  Awaitable<void> run();
  Task<> round(Time since);
  Result<audit::ChangedHeads> read_now(Time since);
  Result<bool> sign(Result<audit::ChangedHeads> changed);

  store::Database& db_;
  audit::HeadFile& file_;
  const Clock& clock_;
  net::steady_timer timer_;
  std::atomic<bool> is_stopping_{false};
  runtime::WorkCount working_;
};

}  // namespace flowsell::app
