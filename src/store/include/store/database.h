#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "runtime/task.h"
#include "store/sql.h"

namespace flowsell::store {

/// What a statement runs in. Errors are kStoreUnavailable (busy, disk full, I/O) or kInternal (the
/// statement is wrong).
class Connection {
 public:
  virtual ~Connection() = default;
  using RowFn = std::function<void(const Row&)>;
  /// Calls `each` for every row.
  virtual Result<> query(const Sql& sql, Params params, const RowFn& each) = 0;
  /// Runs a statement that gives no rows; returns how many rows it changed.
  virtual Result<std::int64_t> run(const Sql& sql, Params params) = 0;
  /// The same where nobody asks how many. A driver with round trips may hold the statement back and
  /// send many together, until the next query() or run(), or the end of the transaction: its error
  /// may come from there.
  virtual Result<> write(const Sql& sql, Params params) = 0;
  /// run() once for each row of parameters, in their order, and what each returns. `rows` holds
  /// `width` parameters for each. A driver with round trips makes one for all.
  virtual Result<std::vector<std::int64_t>> run_each(const Sql& sql, std::span<const Param> rows,
                                                     std::size_t width) = 0;
  using RowOfFn = std::function<void(std::size_t, const Row&)>;
  /// query() once for each row of parameters, in their order; `each` is told which one a row came
  /// of. A driver with round trips makes one for all.
  virtual Result<> query_each(const Sql& sql, std::span<const Param> rows, std::size_t width,
                              const RowOfFn& each) = 0;
};

class WriteOp;

/// What every operation of one sort does. The committer takes all operations that wait, sorts them
/// by kind (`order`, then arrival), and runs each kind's `apply` once for its group, all in one
/// transaction: so a kind may share work between its operations (one counter update a batch), and a
/// driver with round trips may use set-based statements.
struct WriteKind {
  std::string_view name;  ///< for metrics and failpoints: "accept", "settle"
  int order;              ///< kinds touch tables in this order in every transaction
  /// Writes for all of `ops` (all of this kind, in arrival order). It must not fail for one
  /// operation's data: a decision about one operation is stored in that operation as its result. If
  /// it fails all the same, the batch is rolled back and bisected, so `apply` may run again for the
  /// same operation: it must set results afresh each time.
  Result<> (*apply)(Connection& db, std::span<WriteOp* const> ops);
  /// Tells a kind that keeps some of the database in memory that the transaction of `ops` has
  /// ended, before the next one begins: what apply changed holds, or never was. After a rollback it
  /// is called for operations too that apply was not yet called for.
  void (*ended)(std::span<WriteOp* const> ops, bool committed) noexcept = nullptr;
};

/// One durable change. Derive, keep inputs and results as members, name the kind.
class WriteOp {
 public:
  explicit WriteOp(const WriteKind& op_kind) : kind_(&op_kind) {}
  virtual ~WriteOp() = default;
  WriteOp(const WriteOp&) = delete;
  WriteOp& operator=(const WriteOp&) = delete;
  const WriteKind& kind() const noexcept { return *kind_; }

 private:
  const WriteKind* kind_;
};

/// Helps a kind's apply see its own type.
template <class Op>
Op& as(WriteOp* op) {
  return static_cast<Op&>(*op);
}

/// A kind's apply where its operations share no work: each one's own `apply(Connection&)`.
template <class Op>
Result<> apply_each(Connection& db, std::span<WriteOp* const> ops) {
  for (WriteOp* each : ops) CHECK_OK(as<Op>(each).apply(db));
  return {};
}

/// One numbered step of the schema, applied once, in order, each in a transaction of its own.
struct Migration {
  int number;
  std::string_view name;
  /// One or more statements, each ended by a semicolon, in SQLite's words: BLOB, INTEGER, STRICT,
  /// WITHOUT ROWID. The PostgreSQL driver puts in its own (postgres_dialect.h).
  std::string_view sql;
  std::string_view postgres = {};  ///< where PostgreSQL needs other statements altogether
  /// A program that does not know it may run on a database that has it: it only adds what such a
  /// program leaves alone. What takes away follows in a later version, and says false.
  bool expands = false;
};

/// The migrations of all rooms, in the order in which migrate() takes them.
std::vector<Migration> merge_migrations(const std::vector<std::span<const Migration>>& rooms);

/// The durable state. One writer with group commit, readers beside it.
class Database {
 public:
  virtual ~Database() = default;

  /// Makes `op` durable: resumes on the caller's executor once the transaction that holds it has
  /// been synced to disk, or with the error that kept it out (then nothing of `op` was written).
  /// Operations that the same thread submits are applied in that order within their kind. `op` must
  /// live until then.
  virtual Task<> commit(WriteOp& op) = 0;

  /// Queues `op` like commit(), and calls `done` (on the committer's thread: be brief, don't
  /// throw). The order of calls to submit() and commit() is the order of application within a kind.
  virtual void submit(WriteOp& op, std::move_only_function<void(Result<>)> done) = 0;

  /// Runs `read` on a reader thread against a consistent snapshot, and resumes on the caller's
  /// executor.
  template <class F>
  auto read(F fn) -> Awaitable<std::invoke_result_t<F&, Connection&>> {
    using R = std::invoke_result_t<F&, Connection&>;
    std::optional<R> out;
    auto status = co_await read_erased([&fn, &out](Connection& db) { out.emplace(fn(db)); });
    if (!status) co_return std::unexpected(std::move(status).error());
    co_return *std::move(out);
  }

  /// The same, blocking; for start-up and tools.
  virtual Result<> read_now(const std::function<void(Connection&)>& fn) = 0;
  /// One operation, blocking; for start-up and tools.
  virtual Result<> commit_now(WriteOp& op) = 0;

  /// Applies the migrations that have not been applied. Fails when the database is newer than the
  /// program.
  virtual Result<> migrate(std::span<const Migration> migrations) = 0;

  /// After rows of `tables` were deleted for good: makes the engine let go of what it keeps of
  /// them. SQLite rewrites its file and empties its log, whatever the tables: then none of their
  /// bytes is in either; operations wait meanwhile. PostgreSQL vacuums the tables beside its work:
  /// no query finds the rows, but their bytes may stand in its files and its log until others come
  /// to lie there. With PostgresOptions::rewrites it writes the tables into new files, and asks the
  /// server to let go of its log. Blocking. Fails as a write does, and then is to be called again.
  virtual Result<> scrub(std::span<const std::string_view> tables) = 0;

  struct Stats {
    std::uint64_t commits = 0;
    std::uint64_t operations = 0;
    std::uint64_t bisected = 0;
    std::uint64_t waiting = 0;
    std::uint64_t round_trips = 0;  ///< of the writer to its server; SQLite makes none
  };
  virtual Stats stats() const = 0;
  /// False after a write failed for a reason that is not the operation's (disk full, I/O); true
  /// again once one succeeds.
  virtual bool healthy() const = 0;

  /// Commits what waits, then refuses with kShuttingDown. Blocking. To be called before the
  /// io_contexts of the coroutines that committed or read are destroyed: until then a thread of the
  /// store may be posting to them.
  virtual void stop() = 0;

 protected:
  virtual Task<> read_erased(std::function<void(Connection&)> fn) = 0;
};

}  // namespace flowsell::store
