#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "store/database.h"
#include "testkit/temp_folder.h"

namespace flowsell::testkit {

using Migrations = std::span<const store::Migration>;

/// The database of a folder with the tables of some rooms: SQLite in it, or, in script/test's
/// second run (FLOWSELL_TEST_ENGINE=postgres), a schema on PostgreSQL that ends with it. Throws
/// when it can't be opened.
std::unique_ptr<store::Database> open_database(TempFolder& folder,
                                               const std::vector<Migrations>& rooms);
/// True where that is PostgreSQL.
bool tests_run_on_postgres();

/// One change made by a test, in a transaction of its own.
class TestOp final : public store::WriteOp {
 public:
  using Body = std::function<Result<>(store::Connection&)>;
  explicit TestOp(Body work) : WriteOp(kKind), body(std::move(work)) {}
  Body body;

 private:
  static Result<> apply(store::Connection& db, std::span<store::WriteOp* const> ops) {
    for (store::WriteOp* op : ops) CHECK_OK(store::as<TestOp>(op).body(db));
    return {};
  }
  static constexpr store::WriteKind kKind = {"test", 1000, apply};
};

inline Result<> write(store::Database& db, TestOp::Body body) {
  TestOp op(std::move(body));
  return db.commit_now(op);
}

/// What `fn` gives inside a committed transaction. Throws when it or the commit fails.
template <class F>
auto in_transaction(store::Database& db, F fn) {
  using Out = typename std::invoke_result_t<F&, store::Connection&>::value_type;
  std::optional<Out> out;
  const auto done = write(db, [&](store::Connection& connection) -> Result<> {
    TRY(out, fn(connection));
    return {};
  });
  if (!done) throw std::runtime_error(done.error().detail);
  return *std::move(out);
}

/// What `fn` gives of a consistent snapshot. Throws when it fails.
template <class F>
auto in_snapshot(store::Database& db, F fn) {
  using Out = std::invoke_result_t<F&, store::Connection&>;
  std::optional<Out> out;
  const auto done =
      db.read_now([&](store::Connection& connection) { out.emplace(fn(connection)); });
  if (!done) throw std::runtime_error(done.error().detail);
  if (!*out) throw std::runtime_error(out->error().detail);
  return **std::move(out);
}

/// The first column of every row, as text. `sql` must live at namespace scope, as everywhere.
inline std::vector<std::string> texts(store::Database& db, const store::Sql& sql) {
  return in_snapshot(db, [&sql](store::Connection& connection) -> Result<std::vector<std::string>> {
    std::vector<std::string> out;
    CHECK_OK(connection.query(sql, {},
                              [&out](const store::Row& row) { out.emplace_back(row.text(0)); }));
    return out;
  });
}

/// The first column of every row, as numbers.
inline std::vector<std::int64_t> numbers(store::Database& db, const store::Sql& sql) {
  return in_snapshot(
      db, [&sql](store::Connection& connection) -> Result<std::vector<std::int64_t>> {
        std::vector<std::int64_t> out;
        CHECK_OK(connection.query(
            sql, {}, [&out](const store::Row& row) { out.push_back(row.integer(0)); }));
        return out;
      });
}

/// The code of a failure; nullopt of a success.
template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

}  // namespace flowsell::testkit
