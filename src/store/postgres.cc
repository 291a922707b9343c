#include "store/postgres.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/encoding.h"
#include "core/random.h"
#include "engine_database.h"
#include "postgres_connection.h"
#include "postgres_dialect.h"
#include "telemetry/log.h"

namespace flowsell::store {
namespace {

using std::chrono::steady_clock;

/// Whoever had the database has mostly just closed it, and the server is about to notice: the first
/// looks follow each other quickly.
constexpr std::chrono::milliseconds kFirstOwnerPoll{1};
constexpr std::chrono::milliseconds kOwnerPoll{100};
constexpr std::chrono::milliseconds kEndingPoll{20};
/// A reader that could not connect does not try again sooner: its caller is told at once instead.
constexpr std::chrono::seconds kReconnectPause{1};

// One row: who writes (each process that comes makes `epoch` one greater), and the number of the
// last transaction that it committed.
const std::string kOwnTable =
    "CREATE TABLE IF NOT EXISTS store_writer(id BIGINT PRIMARY KEY CHECK (id = 1), epoch BIGINT "
    "NOT "
    "NULL, batch BIGINT NOT NULL);"
    "INSERT INTO store_writer(id, epoch, batch) VALUES(1, 0, 0) ON CONFLICT DO NOTHING";
// A lock of the session, which ends with it. Its number is the schema's: several may share a
// database. 1179405143: "FLOW".
constexpr Sql kOwn("SELECT pg_try_advisory_lock(1179405143, hashtext(current_schema()))");
// The sessions of who has the lock: so his transactions end, and he must ask for the lock again.
constexpr Sql kEndOwner(
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
    "1179405143 AND objid::bigint = (hashtext(current_schema())::bigint & 4294967295) AND objsubid "
    "= 2 AND "
    "granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
constexpr Sql kTakeOver("UPDATE store_writer SET epoch = epoch + 1, batch = 0 RETURNING epoch");
// Fails, and the transaction with it, when somebody else has become the owner.
constexpr Sql kMark(
    "WITH marked AS (UPDATE store_writer SET batch = ?2 WHERE epoch = ?1 RETURNING 1) "
    "SELECT 1 / (SELECT count(*) FROM marked)");
// Waits for a transaction that is still under way, and is itself as durable as any.
constexpr Sql kLastBatch("UPDATE store_writer SET batch = batch WHERE epoch = ?1 RETURNING batch");
// What a lost connection has left on the server, which may not know yet that it is lost.
constexpr Sql kEndLostSession(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?1 AND pid <> "
    "pg_backend_pid() AND usename = current_user");
constexpr Sql kHasRestores("SELECT 1 WHERE to_regclass('restores') IS NOT NULL");
constexpr Sql kNoteRestore(
    "INSERT INTO restores (epoch, backup_at) SELECT coalesce(max(epoch), 0) + 1, 0 FROM restores");
// Takes a number of a transaction, whose commit is then as durable as any.
constexpr Sql kProbe("SELECT pg_current_xact_id()::text");
constexpr Sql kLockSchema("SELECT pg_advisory_lock(1179405144, hashtext(current_schema()))");
constexpr Sql kUnlockSchema("SELECT pg_advisory_unlock(1179405144, hashtext(current_schema()))");
// A table that somebody uses for longer is left for the next call.
constexpr const char* kScrubLockTimeout = "SET lock_timeout = '5s'";
constexpr const char* kRewriteStatistics = "VACUUM (FULL) pg_catalog.pg_statistic";
// The segment that is written to becomes an old one, and a checkpoint lets go of those.
constexpr const char* kSwitchLog = "SELECT pg_switch_wal()";
constexpr const char* kCheckpoint = "CHECKPOINT";
constexpr Sql kBeginWriting("BEGIN");
constexpr Sql kBeginReading("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
constexpr Sql kEndReading("COMMIT");

std::string random_name(std::string_view role) {
  std::array<std::uint8_t, 8> bytes;
  fill_random(bytes);
  return fmt::format("connectd {} {}", role, hex_encode(bytes));
}

PostgresConnection::Options connection_options(const PostgresOptions& options,
                                               std::string_view role) {
  return {.conninfo = options.conninfo,
          .application_name = random_name(role),
          .statement_timeout = options.statement_timeout,
          .schema = options.schema};
}

/// How often the writer has found the server again: then readers need not wait for their pause.
using Returns = std::atomic<std::uint64_t>;

/// ANALYZE leaves what it knew of a table that has become empty. A column that is given a type, be
/// it the one that it has, loses it. Partitions take no types of their own: what is known of one
/// goes with it. pg_stats is asked once for all columns, and by the table's name: it looks through
/// all tables of that name, in however many schemas.
std::string forget_statistics_of_empty(const std::string& table) {
  return fmt::format(
      "DO $$ DECLARE each record; has_rows boolean; BEGIN "
      "EXECUTE 'SELECT EXISTS (SELECT 1 FROM {0})' INTO has_rows; "
      "IF has_rows THEN RETURN; END IF; "
      "FOR each IN SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type "
      "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
      "JOIN (SELECT attname FROM pg_stats WHERE schemaname = (SELECT n.nspname FROM pg_class t "
      "JOIN pg_namespace n ON n.oid = t.relnamespace WHERE t.oid = '{0}'::regclass) "
      "AND tablename = (SELECT t.relname FROM pg_class t WHERE t.oid = '{0}'::regclass)) s "
      "ON s.attname = a.attname "
      "WHERE c.oid = '{0}'::regclass AND c.relkind = 'r' AND NOT c.relispartition AND a.attnum > 0 "
      "AND NOT a.attisdropped "
      "LOOP EXECUTE format('ALTER TABLE {0} ALTER COLUMN %I TYPE %s', each.name, each.type); "
      "END LOOP; END $$",
      table);
}

/// What both sorts of writers share.
class PostgresWriter : public Writer {
 public:
  PostgresWriter(PostgresConnection::Options options, std::shared_ptr<Returns> returns,
                 bool rewrites)
      : name_(options.application_name),
        schema_(options.schema),
        rewrites_(rewrites),
        scrub_options_(for_scrubbing(options)),
        db_(std::move(options)),
        returns_(std::move(returns)) {}

  Connection& connection() override { return db_; }

  Result<> begin() override {
    // A connection that is known to be lost before the first byte leaves nothing undecided.
    auto checked = db_.check();
    note_connection();
    CHECK_OK(std::move(checked));
    return db_.write(kBeginWriting, {});
  }

  void rollback() noexcept override {
    db_.rollback();
    note_connection();
  }

  bool takes_writes() const noexcept override { return takes_writes_; }
  bool may_succeed_again() const noexcept override { return db_.lost_a_race(); }

  std::uint64_t round_trips() const noexcept override { return db_.round_trips(); }

  Result<> scrub(std::span<const std::string_view> tables) override {
    if (tables.empty()) return {};
    // Not in a transaction, and not on the writer's connection: its work goes on meanwhile.
    PostgresConnection own(scrub_options_);
    CHECK_OK(own.connect());
    CHECK_OK(own.set_patient(true));
    CHECK_OK(own.execute(kScrubLockTimeout));
    // What the planner knows of a table has some of its values: it is gathered anew.
    // One command for all: at its end the server looks through all that its database has.
    std::string vacuum = rewrites_ ? "VACUUM (FULL, ANALYZE)" : "VACUUM (ANALYZE)";
    for (const std::string_view table : tables)
      vacuum += (table == tables.front() ? " " : ", ") + quoted_identifier(table);
    CHECK_OK(own.execute(vacuum));
    for (const std::string_view table : tables)
      CHECK_OK(own.execute(forget_statistics_of_empty(quoted_identifier(table))));
    return rewrites_ ? let_go_of_log(own) : Result<>();
  }
  bool scrubs_beside() const noexcept override { return true; }
  Result<> execute(const std::string& statements) override { return db_.execute(statements); }
  std::string statements_of(const Migration& migration) const override {
    return postgres_statements_of(migration);
  }
  Result<> lock_schema() override {
    CHECK_OK(db_.set_patient(true));
    return db_.query(kLockSchema, {}, [](const Row&) {});
  }
  void unlock_schema() noexcept override {
    (void)db_.query(kUnlockSchema, {}, [](const Row&) {});
    (void)db_.set_patient(false);
  }

 protected:
  /// The first connection.
  Result<> connect() {
    CHECK_OK(db_.connect());
    if (schema_.empty()) return {};
    return db_.execute("CREATE SCHEMA IF NOT EXISTS " + quoted_identifier(schema_));
  }
  Result<> reconnect() {
    CHECK_OK(db_.connect());
    CHECK_OK(db_.query(kEndLostSession, {name_}, [](const Row&) {}));
    ++*returns_;
    return {};
  }
  PostgresConnection& db() noexcept { return db_; }
  void set_takes_writes(bool takes) noexcept { takes_writes_ = takes; }
  void note_connection() noexcept {
    if (!db_.is_connected()) takes_writes_ = false;
  }

 private:
  /// Not under the writer's name, whose lost sessions are ended by it.
  static PostgresConnection::Options for_scrubbing(PostgresConnection::Options options) {
    options.application_name += "-scrub";
    return options;
  }

  static Result<> let_go_of_log(PostgresConnection& own) {
    // Who may not do the rest: PostgreSQL leaves out the catalog with a warning, and says no to the
    // others. docs/operations/privacy.md says what stays then.
    CHECK_OK(own.execute(kRewriteStatistics));
    for (const char* const statement : {kSwitchLog, kCheckpoint}) {
      const auto done = own.execute(statement);
      if (!done && done.error().code == ErrorCode::kStoreUnavailable) return done;
      if (!done)
        log::warn("PostgreSQL's log keeps what was deleted", {{"why", done.error().detail}});
    }
    return {};
  }

  const std::string name_;
  const std::string schema_;
  const bool rewrites_;
  const PostgresConnection::Options scrub_options_;
  PostgresConnection db_;
  const std::shared_ptr<Returns> returns_;
  std::atomic<bool> takes_writes_{false};
};

/// The connection that writes, of one process among others.
class SharedWriter final : public PostgresWriter {
 public:
  using PostgresWriter::PostgresWriter;

  Result<> open() {
    CHECK_OK(connect());
    set_takes_writes(true);
    return {};
  }

  Result<> commit() override {
    bool may_be_durable = false;
    auto committed = db().commit(may_be_durable);
    note_connection();
    return committed;
  }

  Result<> probe() override {
    if (!db().is_connected()) CHECK_OK(reconnect());
    CHECK_OK(db().query(kProbe, {}, [](const Row&) {}));
    set_takes_writes(true);
    return {};
  }
};

/// The connection that writes, for the one process that owns the database.
class OwningWriter final : public PostgresWriter {
 public:
  OwningWriter(PostgresConnection::Options options, std::shared_ptr<Returns> returns, bool rewrites,
               std::shared_ptr<Turns> turns, std::function<void()> when_gone)
      : PostgresWriter(std::move(options), std::move(returns), rewrites),
        turns_(std::move(turns)),
        when_gone_(std::move(when_gone)) {}

  /// Waits until `deadline` for a process that owns the database, or ends its sessions.
  Result<> open(steady_clock::time_point deadline, const std::function<bool()>& may_end_owner) {
    CHECK_OK(connect());
    CHECK_OK(db().execute(kOwnTable));
    const auto longest_pause = may_end_owner ? kEndingPoll : kOwnerPoll;
    for (auto pause = kFirstOwnerPoll; true; pause = std::min(pause * 2, longest_pause)) {
      TRY(const bool owns, try_to_own());
      if (owns) break;
      if (steady_clock::now() >= deadline)
        return fail(ErrorCode::kStoreUnavailable,
                    "PostgreSQL: another process has this database; stop it first");
      if (may_end_owner && may_end_owner()) CHECK_OK(db().query(kEndOwner, {}, [](const Row&) {}));
      std::this_thread::sleep_for(pause);
    }
    CHECK_OK(db().query(kTakeOver, {}, [this](const Row& row) { epoch_ = row.integer(0); }));
    set_takes_writes(true);
    return {};
  }

  Result<> commit() override {
    CHECK_OK(db().write(kMark, {epoch_, ++batch_}));
    auto committed = db().commit(undecided_);
    if (committed) committed_ = batch_;
    note_connection();
    return committed;
  }

  Result<> probe() override {
    if (!db().is_connected()) CHECK_OK(reconnect_as_owner());
    CHECK_OK(last_batch());
    set_takes_writes(true);
    return {};
  }

  bool is_undecided() const noexcept override { return undecided_; }

  bool is_dear() const noexcept override { return true; }
  void take_turn() override { has_turn_ = turns_ != nullptr && turns_->take(); }
  void end_turn() noexcept override {
    if (std::exchange(has_turn_, false)) turns_->give_back();
  }

  Result<> decide() override {
    if (!db().is_connected()) CHECK_OK(reconnect_as_owner());
    TRY(const auto last, last_batch());
    undecided_ = false;
    set_takes_writes(true);
    if (last == batch_) {
      committed_ = batch_;
      return {};
    }
    return fail(ErrorCode::kStoreUnavailable, "PostgreSQL: the connection was lost before COMMIT");
  }

 private:
  Result<> reconnect_as_owner() {
    if (gone_ != nullptr) return std::unexpected(gone());
    CHECK_OK(reconnect());
    TRY(const bool owns, try_to_own());
    if (owns) return {};
    // Has it been taken over, or has the server not noticed yet that our last session is lost?
    CHECK_OK(last_batch());
    db().disconnect();
    return fail(ErrorCode::kStoreUnavailable, "PostgreSQL: another process has the database");
  }

  Result<bool> try_to_own() {
    bool owns = false;
    CHECK_OK(db().query(kOwn, {}, [&owns](const Row& row) { owns = row.integer(0) != 0; }));
    return owns;
  }

  /// The number of the last transaction that was committed, for certain and durably. Fails when
  /// what this process has in memory is not true of the database any more.
  Result<std::int64_t> last_batch() {
    std::optional<std::int64_t> batch;
    CHECK_OK(
        db().query(kLastBatch, {epoch_}, [&batch](const Row& row) { batch = row.integer(0); }));
    if (batch && *batch >= committed_) return *batch;
    if (batch) CHECK_OK(note_restore());
    leave_for_good(batch ? "PostgreSQL: the database lacks what was committed (a standby that was "
                           "behind has been "
                           "promoted, or a backup restored)"
                         : "PostgreSQL: another process has taken the database over");
    return std::unexpected(gone());
  }

  /// What waits in a database that went back in time may have been done: whoever starts on it next
  /// treats it as a restored backup (restores.h).
  Result<> note_restore() {
    bool has_table = false;
    CHECK_OK(db().query(kHasRestores, {}, [&has_table](const Row&) { has_table = true; }));
    if (!has_table) return {};
    CHECK_OK(db().run(kNoteRestore, {}));
    return {};
  }

  void leave_for_good(const char* why) {
    gone_ = why;
    undecided_ = false;
    set_takes_writes(false);
    db().disconnect();
    log::error("the database is not this process's any more: it must be restarted", {{"why", why}});
    when_gone_();
  }

  Error gone() const { return {ErrorCode::kStoreUnavailable, gone_}; }

  const std::shared_ptr<Turns> turns_;
  bool has_turn_ = false;
  const std::function<void()> when_gone_;
  std::int64_t epoch_ = 0;
  std::int64_t batch_ = 0;      ///< the number of the last transaction that was tried
  std::int64_t committed_ = 0;  ///< of the last one that is known to be committed
  bool undecided_ = false;
  const char* gone_ = nullptr;  ///< why this process may never write again
};

class PostgresReader final : public Reader {
 public:
  PostgresReader(PostgresConnection::Options options, std::shared_ptr<const Returns> returns)
      : db_(std::move(options)), returns_(std::move(returns)) {}

  Connection& connection() override { return db_; }
  Result<> begin() override {
    if (!db_.check()) CHECK_OK(reconnect());
    return db_.write(kBeginReading, {});
  }
  Result<> end() override {
    CHECK_OK(db_.write(kEndReading, {}));
    auto ended = db_.flush();
    db_.rollback();  // nothing, unless COMMIT was skipped behind a failure
    return ended;
  }

 private:
  Result<> reconnect() {
    const auto now = steady_clock::now();
    if (now < try_again_at_ && *returns_ == seen_returns_) {
      Error error{ErrorCode::kStoreUnavailable, "the database can't be reached"};
      error.retry_after = kReconnectPause;
      return std::unexpected(std::move(error));
    }
    seen_returns_ = *returns_;
    auto connected = db_.connect();
    if (!connected) try_again_at_ = steady_clock::now() + kReconnectPause;
    return connected;
  }

  PostgresConnection db_;
  const std::shared_ptr<const Returns> returns_;
  std::uint64_t seen_returns_ = 0;
  steady_clock::time_point try_again_at_ = {};
};

}  // namespace

namespace {

Result<std::unique_ptr<Writer>> open_writer(const PostgresOptions& options,
                                            const std::shared_ptr<Returns>& returns) {
  if (options.is_shared) {
    auto writer = std::make_unique<SharedWriter>(connection_options(options, "shared"), returns,
                                                 options.rewrites);
    CHECK_OK(writer->open());
    return writer;
  }
  auto writer = std::make_unique<OwningWriter>(connection_options(options, "writer"), returns,
                                               options.rewrites, options.turns, options.when_gone);
  CHECK_OK(writer->open(steady_clock::now() + options.wait_for_owner, options.may_end_owner));
  return writer;
}

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(const PostgresOptions& options) {
  const auto returns = std::make_shared<Returns>(0);
  TRY(auto writer, open_writer(options, returns));
  std::vector<std::unique_ptr<Reader>> readers;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.readers, 1); ++i)
    readers.push_back(
        std::make_unique<PostgresReader>(connection_options(options, "reader"), returns));
  return std::make_unique<EngineDatabase>(std::move(writer), options.batch_max, std::move(readers));
}

}  // namespace flowsell::store
