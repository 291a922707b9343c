#include "postgres_connection.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <unordered_set>
#include <utility>

#include "postgres_dialect.h"
#include "postgres_error.h"

namespace flowsell::store {
namespace {

constexpr int kServerVersionMin = 150'000;
/// How much longer than a statement may take the server may be silent before it counts as gone.
constexpr std::chrono::milliseconds kSilenceGrace{5'000};

// The types of pg_type.dat that our statements use.
constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25;

constexpr int kTextFormat = 0, kBinaryFormat = 1;

constexpr Sql kCommit("COMMIT");
constexpr Sql kRollback("ROLLBACK");
constexpr Sql kColumns(
    "SELECT attname::text, format_type(atttypid, NULL), atttypid::bigint FROM pg_attribute "
    "WHERE attrelid = to_regclass(?1) AND attnum > 0 AND NOT attisdropped");

Oid type_of(const Param& param) {
  switch (param.type()) {
    case Param::Type::kInteger:
      return kInt8;
    case Param::Type::kText:
      return kText;
    case Param::Type::kBlob:
      return kBytea;
    case Param::Type::kNull:
      break;
  }
  return 0;  // the server finds out
}

/// The highest of ?1, ?2, ...
int count_parameters(std::string_view statement) {
  int highest = 0;
  for (std::size_t at = statement.find('?'); at != std::string_view::npos;
       at = statement.find('?', at + 1)) {
    int number = 0;
    const char* first = statement.data() + at + 1;
    std::from_chars(first, statement.data() + statement.size(), number);
    highest = std::max(highest, number);
  }
  return highest;
}

class PostgresRow final : public Row {
 public:
  PostgresRow(const PGresult* result, int row) : result_(result), row_(row) {}
  bool is_null(int column) const override { return PQgetisnull(result_, row_, column) != 0; }

  std::int64_t integer(int column) const override {
    if (is_null(column)) return 0;
    const std::string_view bytes = text(column);
    switch (PQftype(result_, column)) {
      case kBool:
      case kInt2:
      case kInt4:
      case kInt8:
        return big_endian(bytes);
      default: {
        std::int64_t value = 0;
        std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
        return value;
      }
    }
  }

  std::string_view text(int column) const override {
    return {PQgetvalue(result_, row_, column),
            static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }

 private:
  static std::int64_t big_endian(std::string_view bytes) {
    // The sign is the first byte's.
    std::uint64_t value =
        !bytes.empty() && (bytes[0] & 0x80) != 0 ? std::numeric_limits<std::uint64_t>::max() : 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
  }

  const PGresult* result_;
  int row_;
};

template <class F>
void for_each_row(const PGresult* result, const F& each) {
  const int rows = PQntuples(result);
  for (int row = 0; row < rows; ++row) each(PostgresRow(result, row));
}

std::int64_t changed_by(PGresult* result) {
  const std::string_view count = PQcmdTuples(result);
  std::int64_t changed = 0;
  std::from_chars(count.data(), count.data() + count.size(), changed);
  return changed;
}

/// Of each row whether it was inserted: the server has returned the keys of those that were.
std::vector<std::int64_t> inserted_of(const BulkInsert& insert, const PGresult* result,
                                      std::span<const Param> rows, std::size_t width) {
  std::vector<std::int64_t> inserted(rows.size() / width, 1);
  const int returned = PQntuples(result);
  if (insert.key.empty() || static_cast<std::size_t>(returned) == inserted.size()) return inserted;
  std::unordered_set<std::string> keys;
  for (int row = 0; row < returned; ++row) {
    std::string key;
    for (int column = 0; column < PQnfields(result); ++column) {
      key.append(PostgresRow(result, row).text(column));
      key.push_back('\0');
    }
    keys.insert(std::move(key));
  }
  for (std::int64_t& of_one : inserted) {
    // Once: of two rows with one key the first was inserted.
    of_one = static_cast<std::int64_t>(keys.erase(insert.key_of(rows)));
    rows = rows.subspan(width);
  }
  return inserted;
}

void ignore_notice(void* /*unused*/, const PGresult* /*result*/) {}

std::string_view sqlstate_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state != nullptr ? state : std::string_view();
}

}  // namespace

Result<> PostgresConnection::connect() {
  statements_.clear();
  sent_.clear();
  bulk_sql_ = nullptr;
  bulk_ = {};
  bulk_keys_.clear();
  is_lost_ = true;
  is_patient_ = false;
  // What stands before dbname is a default, what stands behind it is not the operator's to set.
  const std::string conninfo(options_.conninfo.reveal());
  const std::array<const char*, 10> names = {
      "connect_timeout",  "keepalives_idle",  "keepalives_interval",
      "keepalives_count", "tcp_user_timeout", "dbname",
      "application_name", "client_encoding",  nullptr};
  const std::array<const char*, 10> values = {
      "2",    "5",    "2", "3", "10000", conninfo.c_str(), options_.application_name.c_str(),
      "UTF8", nullptr};
  connection_.reset(PQconnectdbParams(names.data(), values.data(), /*expand_dbname=*/1));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    // libpq's message names hosts, users and databases, not passwords.
    Error error = postgres_error("08001", PQerrorMessage(connection_.get()));
    connection_.reset();
    return std::unexpected(std::move(error));
  }
  PQsetNoticeReceiver(connection_.get(), ignore_notice, nullptr);
  is_lost_ = false;
  auto ready = set_up_session();
  if (!ready) is_lost_ = true;
  return ready;
}

Result<> PostgresConnection::set_up_session() {
  if (PQserverVersion(connection_.get()) < kServerVersionMin)
    return fail(ErrorCode::kStoreUnavailable, "PostgreSQL: version 15 or newer is needed");
  const char* encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8")
    return fail(ErrorCode::kStoreUnavailable, "PostgreSQL: the database's encoding must be UTF8");
  if (PQsetnonblocking(connection_.get(), 1) != 0 || PQenterPipelineMode(connection_.get()) != 1)
    return std::unexpected(lost());
  if (!options_.schema.empty())
    CHECK_OK(execute("SET search_path TO " + quoted_identifier(options_.schema)));
  // synchronous_commit=off would say "durable" of what is not. Generic plans: for a partitioned
  // table the server thinks that to plan anew each time is cheaper; it costs twice the statement.
  return execute(
      fmt::format("SET statement_timeout = {}; SET idle_in_transaction_session_timeout = 30000;"
                  "SET plan_cache_mode = 'force_generic_plan';"
                  "SET default_transaction_isolation = 'read committed';"
                  "SELECT set_config('synchronous_commit', 'on', false)"
                  " WHERE current_setting('synchronous_commit') = 'off'",
                  options_.statement_timeout.count()));
}

void PostgresConnection::disconnect() noexcept {
  is_lost_ = true;
  connection_.reset();
}

Result<> PostgresConnection::check() {
  lost_a_race_ = false;
  if (is_lost_) return std::unexpected(lost());
  pollfd socket{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
  // A server that says something unasked says that it ends the session; libpq sees to the rest.
  if (::poll(&socket, 1, 0) > 0 && PQconsumeInput(connection_.get()) != 1)
    return std::unexpected(lost());
  return {};
}

Result<> PostgresConnection::query(const Sql& sql, Params params, const RowFn& each) {
  CHECK_OK(send(sql, params));
  TRY(const Outcome outcome, sync());
  for_each_row(outcome.get(), each);
  return {};
}

Result<std::int64_t> PostgresConnection::run(const Sql& sql, Params params) {
  CHECK_OK(send(sql, params));
  TRY(const Outcome outcome, sync());
  return changed_by(outcome.get());
}

Result<std::vector<std::int64_t>> PostgresConnection::run_each(const Sql& sql,
                                                               std::span<const Param> rows,
                                                               std::size_t width) {
  if (rows.empty()) return std::vector<std::int64_t>();
  TRY(const Statement* statement, statement_of(sql, rows.first(width)));
  if (!statement->bulk || !statement->bulk->update.empty()) {
    TRY(const auto outcomes, outcomes_of_each(sql, rows, width));
    std::vector<std::int64_t> changed;
    changed.reserve(outcomes.size());
    for (const Outcome& of_one : outcomes) changed.push_back(changed_by(of_one.get()));
    return changed;
  }
  const BulkInsert insert = *statement->bulk;
  CHECK_OK(send_bulk());  // rows of the same statement that nobody asks about
  for (auto rest = rows; !rest.empty(); rest = rest.subspan(width))
    CHECK_OK(add_to_bulk(sql, insert, rest.first(width)));
  TRY(const Outcome outcome, sync());
  return inserted_of(insert, outcome.get(), rows, width);
}

/// All at once.
Result<std::vector<PostgresConnection::Outcome>> PostgresConnection::outcomes_of_each(
    const Sql& sql, std::span<const Param> rows, std::size_t width) {
  std::vector<Outcome> outcomes(rows.size() / width);
  for (Outcome& of_one : outcomes) {
    CHECK_OK(send(sql, rows.first(width), &of_one));
    rows = rows.subspan(width);
  }
  CHECK_OK(flush());
  return outcomes;
}

Result<> PostgresConnection::query_each(const Sql& sql, std::span<const Param> rows,
                                        std::size_t width, const RowOfFn& each) {
  if (rows.empty()) return {};  // what was written before goes on waiting for company
  TRY(const auto outcomes, outcomes_of_each(sql, rows, width));
  for (std::size_t at = 0; at < outcomes.size(); ++at)
    for_each_row(outcomes[at].get(), [&](const Row& row) { each(at, row); });
  return {};
}

Result<> PostgresConnection::write(const Sql& sql, Params params) {
  TRY(const Statement* statement, statement_of(sql, params));
  return statement->bulk ? add_to_bulk(sql, *statement->bulk, params) : send(sql, params);
}

Result<> PostgresConnection::flush() {
  if (sent_.empty() && bulk_sql_ == nullptr) return {};
  CHECK_OK(sync());
  return {};
}

Result<> PostgresConnection::commit(bool& may_be_durable) {
  may_be_durable = false;
  CHECK_OK(send(kCommit, {}));
  auto outcome = sync();
  if (!outcome) {
    may_be_durable = is_lost_;
    return std::unexpected(std::move(outcome).error());
  }
  // Of a transaction that has failed COMMIT makes a ROLLBACK, and calls it success.
  if (std::string_view(PQcmdStatus(outcome->get())) != "COMMIT")
    return fail(ErrorCode::kInternal, "PostgreSQL: the transaction had failed");
  return {};
}

void PostgresConnection::rollback() noexcept {
  bulk_sql_ = nullptr;
  bulk_ = {};
  bulk_keys_.clear();
  if (is_lost_) return;
  (void)flush();  // else the ROLLBACK would be skipped with what stands behind a failure
  if (is_lost_ || PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
  (void)run(kRollback, {});
}

Result<> PostgresConnection::execute(const std::string& statements) {
  CHECK_OK(flush());
  if (is_lost_) return std::unexpected(lost());
  // Several statements in one text are of the simple protocol, which pipeline mode excludes.
  if (PQexitPipelineMode(connection_.get()) != 1 ||
      PQsendQuery(connection_.get(), statements.c_str()) != 1)
    return std::unexpected(lost());
  auto done = read_simple_results();
  if (!is_lost_ && PQenterPipelineMode(connection_.get()) != 1) return std::unexpected(lost());
  return done;
}

Result<> PostgresConnection::set_patient(bool patient) {
  CHECK_OK(execute(
      fmt::format("SET statement_timeout = {}", patient ? 0 : options_.statement_timeout.count())));
  is_patient_ = patient;
  return {};
}

Result<> PostgresConnection::read_simple_results() {
  Result<> done;
  while (true) {
    TRY(const Outcome result, next_result());
    if (!result) return done;
    if (done && PQresultStatus(result.get()) == PGRES_FATAL_ERROR)
      done = std::unexpected(error_of(result.get()));
  }
}

Result<> PostgresConnection::send(const Sql& sql, Params params, Outcome* outcome) {
  if (is_lost_) return std::unexpected(lost());
  CHECK_OK(send_bulk());
  TRY(Statement * statement, statement_of(sql, params));
  CHECK_OK(prepare(sql, *statement, params));
  reserve_parameters(params.size());
  std::size_t i = 0;
  for (const Param& param : params) {
    formats_[i] = kBinaryFormat;
    lengths_[i] = static_cast<int>(param.bytes().size());
    values_[i] = param.bytes().data() == nullptr ? "" : param.bytes().data();
    if (param.type() == Param::Type::kNull) values_[i] = nullptr;
    if (param.type() == Param::Type::kInteger) {
      formats_[i] = kTextFormat;
      const auto end = std::to_chars(digits_[i].data(), digits_[i].data() + digits_[i].size() - 1,
                                     param.integer());
      *end.ptr = '\0';
      values_[i] = digits_[i].data();
    }
    ++i;
  }
  return send_prepared(statement->name, i, outcome);
}

void PostgresConnection::reserve_parameters(std::size_t count) {
  values_.resize(count);
  lengths_.resize(count);
  formats_.resize(count);
  digits_.resize(std::max(count, digits_.size()));
}

Result<> PostgresConnection::send_prepared(const std::string& name, std::size_t count,
                                           Outcome* outcome) {
  if (PQsendQueryPrepared(connection_.get(), name.c_str(), static_cast<int>(count), values_.data(),
                          lengths_.data(), formats_.data(), kBinaryFormat) != 1)
    return std::unexpected(lost());
  sent_.push_back({.outcome = outcome});
  return {};
}

Result<PostgresConnection::Statement*> PostgresConnection::statement_of(const Sql& sql,
                                                                        Params params) {
  auto found = statements_.find(&sql);
  if (found == statements_.end()) {
    Statement statement;
    statement.name = fmt::format("s{}", ++named_);
    statement.parameters = count_parameters(sql.postgres);
    statement.bulk = BulkInsert::of(sql.postgres);
    found = statements_.emplace(&sql, std::move(statement)).first;
  }
  if (found->second.parameters == static_cast<int>(params.size())) return &found->second;
  for (Sent& each : sent_) each.outcome = nullptr;  // its owner hears of this failure and goes
  return fail(ErrorCode::kInternal,
              "PostgreSQL: a statement got another number of parameters than it names");
}

Result<> PostgresConnection::prepare(const Sql& sql, Statement& statement, Params params) {
  if (statement.is_prepared) return {};
  std::vector<Oid> types;
  for (const Param& param : params) types.push_back(type_of(param));
  if (PQsendPrepare(connection_.get(), statement.name.c_str(), to_postgres(sql.postgres).c_str(),
                    static_cast<int>(types.size()), types.data()) != 1)
    return std::unexpected(lost());
  statement.is_prepared = true;
  sent_.push_back({.prepared = &sql});
  return {};
}

/// Asks the server for the columns' types once.
Result<> PostgresConnection::prepare_bulk(const Sql& sql, Statement& statement) {
  if (!statement.bulk_name.empty()) return {};
  std::vector<std::string> names(statement.bulk->columns.size());
  std::vector<Oid> types(names.size());
  CHECK_OK(query(kColumns, {statement.bulk->table}, [&](const Row& row) {
    const auto column = std::ranges::find(statement.bulk->columns, row.text(0));
    if (column == statement.bulk->columns.end()) return;
    const auto at = static_cast<std::size_t>(column - statement.bulk->columns.begin());
    names[at] = row.text(1);
    types[at] = static_cast<Oid>(row.integer(2));
  }));
  if (std::ranges::find(names, "") != names.end())
    return fail(ErrorCode::kInternal, "PostgreSQL: an INSERT names a column that is not there");
  if (PQsendPrepare(connection_.get(), (statement.name + "_bulk").c_str(),
                    statement.bulk->statement(names).c_str(), 0, nullptr) != 1)
    return std::unexpected(lost());
  statement.types = std::move(types);
  statement.bulk_name = statement.name + "_bulk";
  sent_.push_back({.prepared = &sql});
  return {};
}

Result<> PostgresConnection::add_to_bulk(const Sql& sql, const BulkInsert& insert, Params params) {
  const bool is_other = bulk_sql_ != &sql;
  std::string key = insert.update.empty() ? std::string() : insert.key_of(params.values());
  // No statement may update a row twice.
  if (is_other || (!key.empty() && bulk_keys_.contains(key))) {
    CHECK_OK(send_bulk());
    bulk_sql_ = &sql;
  }
  if (!key.empty()) bulk_keys_.insert(std::move(key));
  bulk_.add(params);
  return {};
}

Result<> PostgresConnection::send_bulk() {
  if (bulk_sql_ == nullptr) return {};
  const Sql& sql = *std::exchange(bulk_sql_, nullptr);  // what prepares it asks the server
  ColumnArrays rows = std::exchange(bulk_, {});
  bulk_keys_.clear();
  if (is_lost_) return std::unexpected(lost());
  Statement& statement = statements_.at(&sql);
  CHECK_OK(prepare_bulk(sql, statement));
  const std::size_t count = statement.types.size();
  reserve_parameters(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view array = rows.array(i, statement.types[i]);
    values_[i] = array.data();
    lengths_[i] = static_cast<int>(array.size());
    formats_[i] = kBinaryFormat;
  }
  return send_prepared(statement.bulk_name, count, nullptr);
}

/// Waits for the outcome of all that was sent; gives the last one's.
Result<PostgresConnection::Outcome> PostgresConnection::sync() {
  CHECK_OK(send_bulk());
  if (is_lost_ || PQpipelineSync(connection_.get()) != 1) return std::unexpected(lost());
  round_trips_.fetch_add(1, std::memory_order_relaxed);
  auto outcome = read_outcomes();
  sent_.clear();
  return outcome;
}

Result<PostgresConnection::Outcome> PostgresConnection::read_outcomes() {
  Outcome last;
  std::optional<Error> failed;
  bool has_result = false;
  for (std::size_t at = 0;;) {
    TRY(Outcome result, next_result());
    if (!result) {  // the end of one statement's results
      if (std::exchange(has_result, false)) ++at;
      continue;
    }
    has_result = true;
    switch (PQresultStatus(result.get())) {
      case PGRES_PIPELINE_SYNC:
        if (failed) return std::unexpected(*std::move(failed));
        return last;
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        if (at < sent_.size() && sent_[at].outcome != nullptr) {
          *sent_[at].outcome = std::move(result);
        } else {
          last = std::move(result);
        }
        break;
      case PGRES_PIPELINE_ABORTED:  // it stood behind the one that failed
        forget_preparation(at);
        break;
      default:
        forget_preparation(at);
        if (!failed) failed = error_of(result.get());
    }
  }
}

void PostgresConnection::forget_preparation(std::size_t sent) {
  if (sent < sent_.size() && sent_[sent].prepared != nullptr)
    statements_.erase(sent_[sent].prepared);
}

/// The next result; null: those of one statement are over.
Result<PostgresConnection::Outcome> PostgresConnection::next_result() {
  while (PQisBusy(connection_.get()) != 0) CHECK_OK(wait_for_input());
  Outcome result(PQgetResult(connection_.get()));
  if (PQstatus(connection_.get()) == CONNECTION_BAD) return std::unexpected(lost());
  return result;
}

Result<> PostgresConnection::wait_for_input() {
  const int unsent = PQflush(connection_.get());
  if (unsent < 0) return std::unexpected(lost());
  pollfd socket{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
  if (unsent > 0) socket.events |= POLLOUT;
  const auto patience = options_.statement_timeout + kSilenceGrace;
  const int ready = ::poll(&socket, 1, is_patient_ ? -1 : static_cast<int>(patience.count()));
  if (ready < 0 && errno == EINTR) return {};
  if (ready <= 0) return std::unexpected(lost());
  if ((socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0 &&
      PQconsumeInput(connection_.get()) != 1)
    return std::unexpected(lost());
  return {};
}

Error PostgresConnection::error_of(const PGresult* result) {
  const std::string_view sqlstate = sqlstate_of(result);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (is_lost_race(sqlstate)) lost_a_race_ = true;
  return postgres_error(sqlstate, message != nullptr ? message : "");
}

Error PostgresConnection::lost() {
  is_lost_ = true;
  sent_.clear();
  return postgres_error({}, {});
}

}  // namespace flowsell::store
