#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/sensitive.h"
#include "store/database.h"

namespace flowsell::store {

struct PostgresOptions {
  /// As libpq takes it: a URI (postgres://...) or "host=... dbname=...", with its settings for TLS,
  /// many hosts and the rest; what it leaves out comes from libpq's own environment (PGHOST, ...).
  Secret conninfo = {};
  std::size_t readers = 4;      ///< reader threads, each with a connection
  std::size_t batch_max = 512;  ///< operations in one transaction
  /// What takes longer is given up, and the connection with it.
  std::chrono::milliseconds statement_timeout{10'000};
  /// How long open_postgres() waits for a process that has the database to be gone.
  std::chrono::milliseconds wait_for_owner{10'000};
  /// Called once, on a thread of the store, when what the process has in memory is not true of the
  /// database any more: another process has taken it over, or it lacks what was committed. The
  /// process can only end, and be started again.
  std::function<void()> when_gone = [] {};
};

/// PostgreSQL 15 or newer, UTF-8. A commit is as durable as the server's synchronous_commit says,
/// which must not be `off` (it is switched on then). One process at a time writes to a database
/// (schema): a second one fails to open with kStoreUnavailable.
///
/// When the connection is lost, writes and reads are refused with kStoreUnavailable, at once, until
/// the server is there again. A transaction whose COMMIT was under way then is decided by what the
/// server says of it once it is back; its callers wait until then.
Result<std::unique_ptr<Database>> open_postgres(const PostgresOptions& options);

}  // namespace flowsell::store
