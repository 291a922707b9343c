#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "core/sensitive.h"
#include "store/database.h"

namespace flowsell::store {

/// Lets so many of a process's writers have a transaction open at once. The others gather what
/// comes meanwhile into fewer and larger ones, which cost the server less. Thread-safe.
class Turns {
 public:
  explicit Turns(std::size_t count) : count_(count) {}
  /// What is more than that already ends as it would.
  void set_count(std::size_t count) {
    {
      const std::lock_guard lock(mutex_);
      count_ = count;
    }
    given_back_.notify_all();
  }
  /// False when it took too long: then the writer goes without one. Another's trouble must not hold
  /// it up.
  bool take() {
    std::unique_lock lock(mutex_);
    if (!given_back_.wait_for(lock, kWaitMax, [this] { return taken_ < count_; })) return false;
    ++taken_;
    return true;
  }
  void give_back() {
    {
      const std::lock_guard lock(mutex_);
      --taken_;
    }
    given_back_.notify_one();
  }

 private:
  static constexpr std::chrono::milliseconds kWaitMax{20};
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::size_t count_;
  std::size_t taken_ = 0;
};

struct PostgresOptions {
  /// As libpq takes it: a URI (postgres://...) or "host=... dbname=...", with its settings for TLS,
  /// many hosts and the rest; what it leaves out comes from libpq's own environment (PGHOST, ...).
  Secret conninfo = {};
  std::size_t readers = 4;      ///< reader threads, each with a connection
  std::size_t batch_max = 512;  ///< operations in one transaction
  /// What takes longer is given up, and the connection with it.
  std::chrono::milliseconds statement_timeout{10'000};
  /// The schema whose tables these are, made when it is not there; empty: that of the connection.
  std::string schema = {};
  /// Database::scrub() writes the tables anew: who reads or writes one waits meanwhile.
  bool rewrites = false;
  /// Many processes write to it: nobody owns it. What they change must be statements that are right
  /// whatever others do in between. A commit whose connection was lost on the way fails, though it
  /// may have been done.
  bool is_shared = false;
  /// How long open_postgres() waits for a process that owns the database to be gone.
  std::chrono::milliseconds wait_for_owner{10'000};
  /// True: the owner has lost its right to the database, and its sessions may be ended; it can't
  /// write any more. Asked each time anew. Empty: it is only waited for.
  std::function<bool()> may_end_owner = {};
  std::shared_ptr<Turns> turns = {};  ///< shared with other databases of the process; may be empty
  /// Called once, on a thread of the store, when what the process has in memory is not true of the
  /// database any more: another process has taken it over, or it lacks what was committed. The
  /// process can only end, and be started again.
  std::function<void()> when_gone = [] {};
};

/// PostgreSQL 15 or newer, UTF-8. A commit is as durable as the server's synchronous_commit says,
/// which must not be `off` (it is switched on then). One process at a time writes to a schema that
/// is not shared: a second one fails to open with kStoreUnavailable.
///
/// When the connection is lost, writes and reads are refused with kStoreUnavailable, at once, until
/// the server is there again. A transaction whose COMMIT was under way then is decided by what the
/// server says of it once it is back; its callers wait until then.
Result<std::unique_ptr<Database>> open_postgres(const PostgresOptions& options);

}  // namespace flowsell::store
