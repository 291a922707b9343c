#pragma once

#include <libpq-fe.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/sensitive.h"
#include "postgres_bulk_insert.h"
#include "store/database.h"

namespace flowsell::store {

/// One connection to PostgreSQL, in libpq's pipeline mode: what write() is given is sent with the
/// next query, so that a transaction costs a few round trips; rows of one INSERT that follow each
/// other go as one statement. Used by one thread at a time.
///
/// A connection that was lost stays so until connect(): everything fails with kStoreUnavailable.
class PostgresConnection final : public Connection {
 public:
  struct Options {
    Secret conninfo = {};
    std::string application_name = {};
    std::chrono::milliseconds statement_timeout{10'000};
    std::string schema = {};  ///< made when it is not there; empty: that of the connection
  };
  explicit PostgresConnection(Options options) : options_(std::move(options)) {}

  /// Connects, anew where it was connected before. Blocks as long as libpq's connect_timeout says
  /// (2 s for each host, unless set).
  Result<> connect();
  void disconnect() noexcept;
  /// Before a transaction. Fails when the server has closed the connection while nothing was asked
  /// of it.
  Result<> check();
  bool is_connected() const noexcept { return !is_lost_; }

  Result<> query(const Sql& sql, Params params, const RowFn& each) override;
  Result<std::int64_t> run(const Sql& sql, Params params) override;
  Result<> write(const Sql& sql, Params params) override;
  Result<std::vector<std::int64_t>> run_each(const Sql& sql, std::span<const Param> rows,
                                             std::size_t width) override;
  Result<> query_each(const Sql& sql, std::span<const Param> rows, std::size_t width,
                      const RowOfFn& each) override;

  /// Sends what write() has held back and waits for the outcome of all.
  Result<> flush();
  /// Ends the open transaction durably. `may_be_durable` says after a failure whether the server
  /// may have done it all the same: the connection was lost on the way.
  Result<> commit(bool& may_be_durable);
  /// Ends an open transaction without effect; harmless when none is open.
  void rollback() noexcept;
  /// Runs statements that are not kept prepared, each in a transaction of its own unless one is
  /// open.
  Result<> execute(const std::string& statements);
  /// While patient, a statement may take as long as it likes: for what changes schemas.
  Result<> set_patient(bool patient);
  /// Since check() another transaction was in the way (40001, 40P01).
  bool lost_a_race() const noexcept { return lost_a_race_; }
  /// So far. May be called from every thread.
  std::uint64_t round_trips() const noexcept { return round_trips_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  using Outcome = std::unique_ptr<PGresult, Clear>;
  struct Statement {
    std::string name;
    int parameters = 0;
    bool is_prepared = false;
    std::optional<BulkInsert> bulk;  ///< where many rows can be given at once
    std::string bulk_name;           ///< empty: not prepared yet
    std::vector<Oid> types;          ///< of the bulk insert's columns
  };
  /// What was sent, whose outcome is still to be read.
  struct Sent {
    const Sql* prepared = nullptr;  ///< where it was a preparation
    Outcome* outcome = nullptr;     ///< where it is one of many that are asked for
  };

  Result<> set_up_session();
  Result<> send(const Sql& sql, Params params, Outcome* outcome = nullptr);
  Result<Statement*> statement_of(const Sql& sql, Params params);
  Result<> prepare(const Sql& sql, Statement& statement, Params params);
  Result<> prepare_bulk(const Sql& sql, Statement& statement);
  Result<> add_to_bulk(const Sql& sql, const BulkInsert& insert, Params params);
  Result<> send_bulk();
  Result<std::vector<Outcome>> outcomes_of_each(const Sql& sql, std::span<const Param> rows,
                                                std::size_t width);
  void reserve_parameters(std::size_t count);
  Result<> send_prepared(const std::string& name, std::size_t count, Outcome* outcome);
  Result<Outcome> sync();
  Result<Outcome> read_outcomes();
  Result<Outcome> next_result();
  Result<> wait_for_input();
  Result<> read_simple_results();
  void forget_preparation(std::size_t sent);
  Error error_of(const PGresult* result);
  Error lost();

  Options options_;
  std::unique_ptr<PGconn, Finish> connection_;
  bool is_lost_ = true;
  bool is_patient_ = false;
  bool lost_a_race_ = false;
  std::atomic<std::uint64_t> round_trips_{0};
  std::unordered_map<const Sql*, Statement> statements_;
  std::size_t named_ = 0;
  std::vector<Sent> sent_;
  const Sql* bulk_sql_ = nullptr;  ///< what bulk_ holds rows of, to be sent before anything else
  ColumnArrays bulk_;
  std::unordered_set<std::string> bulk_keys_;  ///< of its rows, where it updates

  // The parameters of one statement as libpq wants them; kept, so that nothing is allocated.
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
  std::vector<std::array<char, 21>> digits_;
};

}  // namespace flowsell::store
