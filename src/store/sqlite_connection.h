#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/database.h"

namespace flowsell::store {

/// What an SQLite result code means for the caller: kStoreUnavailable (try again) for what lies
/// with the machine, kInternal for what lies with the statement. `db` may be null; its message
/// names tables and columns, never values.
Error sqlite_error(int code, sqlite3* db);

/// One SQLite connection and the statements prepared on it. Used by one thread at a time.
class SqliteConnection final : public Connection {
 public:
  /// One process owns the file, so hardly anything is ever waited for: a start-up that recovers the
  /// log.
  static constexpr int kBusyTimeoutMs = 2000;

  enum class Mode : std::uint8_t {
    kWrite,
    kRead,
    kPrivate,  ///< read and written by nobody else, without a log: a backup in the making
  };
  struct Options {
    std::string path = {};
    std::string vfs = {};  ///< empty: the default
    Mode mode = Mode::kWrite;
    int cache_kib = 2048;
  };

  /// Opens the file (kWrite makes it) in WAL mode, with everything set but automatic checkpoints,
  /// which are off.
  static Result<std::unique_ptr<SqliteConnection>> open(const Options& options);

  Result<> query(const Sql& sql, Params params, const RowFn& each) override;
  Result<std::int64_t> run(const Sql& sql, Params params) override;
  Result<> write(const Sql& sql, Params params) override;
  Result<> query_each(const Sql& sql, std::span<const Param> rows, std::size_t width,
                      const RowOfFn& each) override;
  Result<std::vector<std::int64_t>> run_each(const Sql& sql, std::span<const Param> rows,
                                             std::size_t width) override;

  /// Runs statements that are not kept prepared: pragmas, migrations.
  Result<> execute(const std::string& statements);
  /// Ends an open transaction without effect; harmless when none is open.
  void rollback() noexcept;
  sqlite3* handle() const noexcept { return db_.get(); }

 private:
  struct CloseDb {
    void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  using Db = std::unique_ptr<sqlite3, CloseDb>;
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  explicit SqliteConnection(Db db) : db_(std::move(db)) {}
  Result<> configure(const Options& options);
  Result<> check_wal_mode();
  Result<Statement> prepare(std::string_view text);
  Result<sqlite3_stmt*> cached(const Sql& sql);
  template <class Use>
  Result<> with_statement(const Sql& sql, Params params, Use use);
  Result<> bind(sqlite3_stmt* statement, Params params);
  Error last_error(int code) const { return sqlite_error(code, db_.get()); }

  Db db_;
  std::unordered_map<const Sql*, Statement> statements_;  ///< after db_: destroyed before it
};

}  // namespace flowsell::store
