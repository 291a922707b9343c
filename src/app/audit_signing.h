#pragma once

#include <filesystem>

#include "audit/head_file.h"
#include "config/settings.h"
#include "core/time.h"
#include "runtime/io_pool.h"
#include "runtime/rounds.h"
#include "store/database.h"

namespace flowsell::app {

/// Where a process signs the ends of its audit chains.
std::filesystem::path audit_head_file(const config::Settings& settings);

/// Signs what has been put on record in one database since the last time, every ten seconds: from
/// then on it can't be taken back unseen. Databases of one process share the file.
class AuditSigning {
 public:
  AuditSigning(runtime::IoPool& pool, store::Database& db, audit::HeadFile& file,
               const Clock& clock);
  /// The pool runs, or will.
  void start() { rounds_.start(); }
  /// No round begins any more; what was put on record by now is signed. Blocking; before the
  /// database stops.
  void stop();

 private:
  Awaitable<void> round();
  Task<> sign_since(Time since);
  Result<audit::ChangedHeads> read_now(Time since);
  Result<bool> sign(Result<audit::ChangedHeads> changed);

  store::Database& db_;
  audit::HeadFile& file_;
  const Clock& clock_;
  int rounds_until_all_ = 0;  ///< 0: every chain is looked at, whatever its times say
  runtime::Rounds rounds_;
};

}  // namespace flowsell::app
