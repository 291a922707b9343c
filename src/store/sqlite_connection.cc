#include "sqlite_connection.h"

#include <fmt/format.h>

#include <chrono>

namespace flowsell::store {
namespace {

/// A log file that a burst made longer is cut back to this when it is next started over.
/// Overwriting bytes that exist costs less at each sync than making the file longer.
constexpr std::int64_t kLogBytesKept = std::int64_t{64} << 20;

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_, column);
  }
  std::string_view text(int column) const override {
    // For text too: _blob gives its bytes as they are. It must come before _bytes.
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3_stmt* statement_;
};

/// Releases the statement's locks however its use ends.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(sqlite3_stmt* statement) : statement_(statement) {}
  ~ResetAtEnd() { sqlite3_reset(statement_); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  sqlite3_stmt* statement_;
};

int bind_one(sqlite3_stmt* statement, int index, const Param& param) {
  // SQLite takes a null pointer for NULL; an empty value is not NULL.
  const char* data = param.bytes().data() == nullptr ? "" : param.bytes().data();
  switch (param.type()) {
    case Param::Type::kNull:
      return sqlite3_bind_null(statement, index);
    case Param::Type::kInteger:
      return sqlite3_bind_int64(statement, index, param.integer());
    case Param::Type::kText:
      return sqlite3_bind_text64(statement, index, data, param.bytes().size(), SQLITE_STATIC,
                                 SQLITE_UTF8);
    case Param::Type::kBlob:
      return sqlite3_bind_blob64(statement, index, data, param.bytes().size(), SQLITE_STATIC);
  }
  return SQLITE_MISUSE;
}

bool is_the_machines_fault(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return true;
    default:
      return false;
  }
}

}  // namespace

Error sqlite_error(int code, sqlite3* db) {
  const char* message = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  Error error{ErrorCode::kInternal, fmt::format("SQLite: {} (code {})", message, extended)};
  if (is_the_machines_fault(code)) {
    error.code = ErrorCode::kStoreUnavailable;
    error.retry_after = std::chrono::seconds(1);
  }
  return error;
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const Options& options) {
  const int access = options.mode == Mode::kRead ? SQLITE_OPEN_READONLY
                                                 : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(options.path.c_str(), &raw, access | SQLITE_OPEN_NOMUTEX,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  Db db(raw);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(code, db.get()));
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(std::move(db)));
  CHECK_OK(connection->configure(options));
  return connection;
}

Result<> SqliteConnection::configure(const Options& options) {
  sqlite3_extended_result_codes(db_.get(), 1);
  sqlite3_busy_timeout(db_.get(), kBusyTimeoutMs);
  // No mmap: a read error of a mapped file is a SIGBUS instead of an error code, and mapped pages
  // count as our memory. secure_delete=FAST overwrites what is deleted where that costs no I/O;
  // content is sealed in any case.
  CHECK_OK(execute(fmt::format(
      "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA cache_size=-{};", options.cache_kib)));
  if (options.mode == Mode::kRead) return {};
  // Whoever asks for it syncs the file when it is whole, and throws it away when it is not.
  if (options.mode == Mode::kPrivate)
    return execute(
        "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA secure_delete=FAST;");
  CHECK_OK(execute(
      fmt::format("PRAGMA page_size=4096; PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=WAL; PRAGMA "
                  "synchronous=FULL;"
                  "PRAGMA foreign_keys=OFF; PRAGMA secure_delete=FAST; PRAGMA wal_autocheckpoint=0;"
                  "PRAGMA journal_size_limit={};",
                  kLogBytesKept)));
  return check_wal_mode();
}

Result<> SqliteConnection::check_wal_mode() {
  static constexpr Sql kJournalMode("PRAGMA journal_mode");
  bool is_wal = false;
  CHECK_OK(query(kJournalMode, {}, [&is_wal](const Row& row) { is_wal = row.text(0) == "wal"; }));
  if (!is_wal)
    return fail(ErrorCode::kStoreUnavailable,
                "SQLite: the folder's file system can't hold a write-ahead log");
  return {};
}

Result<> SqliteConnection::query(const Sql& sql, Params params, const RowFn& each) {
  return with_statement(sql, params, [&each](sqlite3_stmt* statement) {
    const SqliteRow row(statement);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) each(row);
    return code;
  });
}

Result<std::int64_t> SqliteConnection::run(const Sql& sql, Params params) {
  const sqlite3_int64 total_before = sqlite3_total_changes64(db_.get());
  CHECK_OK(write(sql, params));
  // sqlite3_changes() keeps the number of an earlier statement when this one was not an INSERT,
  // UPDATE or DELETE.
  if (sqlite3_total_changes64(db_.get()) == total_before) return 0;
  return sqlite3_changes64(db_.get());
}

Result<> SqliteConnection::write(const Sql& sql, Params params) {
  return with_statement(sql, params, [](sqlite3_stmt* statement) {
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    }
    return code;
  });
}

Result<std::vector<std::int64_t>> SqliteConnection::run_each(const Sql& sql,
                                                             std::span<const Param> rows,
                                                             std::size_t width) {
  std::vector<std::int64_t> changed;
  changed.reserve(rows.size() / width);
  for (; !rows.empty(); rows = rows.subspan(width)) {
    TRY(const std::int64_t of_one, run(sql, rows.first(width)));
    changed.push_back(of_one);
  }
  return changed;
}

Result<> SqliteConnection::query_each(const Sql& sql, std::span<const Param> rows,
                                      std::size_t width, const RowOfFn& each) {
  for (std::size_t at = 0; !rows.empty(); rows = rows.subspan(width), ++at)
    CHECK_OK(query(sql, rows.first(width), [&](const Row& row) { each(at, row); }));
  return {};
}

Result<> SqliteConnection::execute(const std::string& statements) {
  const int code = sqlite3_exec(db_.get(), statements.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(last_error(code));
  return {};
}

void SqliteConnection::rollback() noexcept {
  // A full disk and the like may have ended the transaction already.
  if (sqlite3_get_autocommit(db_.get()) == 0)
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<SqliteConnection::Statement> SqliteConnection::prepare(std::string_view text) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), text.data(), static_cast<int>(text.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  Statement statement(raw);
  if (code != SQLITE_OK) return std::unexpected(last_error(code));
  if (!statement) return fail(ErrorCode::kInternal, "SQLite: an empty statement");
  return statement;
}

Result<sqlite3_stmt*> SqliteConnection::cached(const Sql& sql) {
  const auto found = statements_.find(&sql);
  if (found != statements_.end()) return found->second.get();
  TRY(Statement statement, prepare(sql.text));
  return statements_.emplace(&sql, std::move(statement)).first->second.get();
}

/// Binds, lets `use` step to the end, and leaves the statement ready for the next time.
template <class Use>
Result<> SqliteConnection::with_statement(const Sql& sql, Params params, Use use) {
  TRY(sqlite3_stmt * statement, cached(sql));
  Statement own;  // a query whose callback runs the same statement again needs a second one
  if (sqlite3_stmt_busy(statement) != 0) {
    TRY(own, prepare(sql.text));
    statement = own.get();
  }
  CHECK_OK(bind(statement, params));
  const ResetAtEnd reset(statement);
  const int code = use(statement);
  if (code != SQLITE_DONE) return std::unexpected(last_error(code));
  return {};
}

Result<> SqliteConnection::bind(sqlite3_stmt* statement, Params params) {
  if (sqlite3_bind_parameter_count(statement) != static_cast<int>(params.size())) {
    return fail(ErrorCode::kInternal,
                "SQLite: a statement got another number of parameters than it names");
  }
  int index = 0;
  for (const Param& param : params) {
    const int code = bind_one(statement, ++index, param);
    if (code != SQLITE_OK) return std::unexpected(last_error(code));
  }
  return {};
}

}  // namespace flowsell::store
