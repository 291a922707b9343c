#pragma once

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "item_ops.h"
#include "postgres_schema.h"
#include "store/postgres.h"
#include "store/sqlite.h"
#include "temp_folder.h"

namespace flowsell::store {

/// How long a test waits for what must come: only a test that fails waits so long.
inline constexpr std::chrono::seconds kPatience{60};

/// Where a test's database lies.
struct Place {
  TempFolder folder;
  std::optional<PostgresSchema> schema;
};

struct Engine {
  const char* name;
  bool (*is_available)();
  /// `wait_for_owner`: a server learns a while later that a database was closed.
  Result<std::unique_ptr<Database>> (*open)(Place& place, std::chrono::milliseconds wait_for_owner);
};

inline constexpr Engine kEngines[] = {
    {"Sqlite", [] { return true; },
     [](Place& place, std::chrono::milliseconds) {
       return open_sqlite({.path = place.folder.file("test.db")});
     }},
    {"Postgres", [] { return PostgresSchema::is_available(); },
     [](Place& place, std::chrono::milliseconds wait_for_owner) {
       if (!place.schema) place.schema.emplace();
       return open_postgres({.conninfo = Secret(place.schema->conninfo()),
                             .readers = 2,
                             .wait_for_owner = wait_for_owner});
     }},
};

inline std::optional<ErrorCode> code_of(const Result<>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

class DatabaseSuite : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    if (!GetParam().is_available()) GTEST_SKIP() << "script/test starts the server";
    reopen();
    ASSERT_TRUE(db_->migrate(kItemMigrations));
  }

  void reopen() {
    db_.reset();
    auto opened = GetParam().open(place_, kPatience);
    if (!opened) throw std::runtime_error(opened.error().detail);  // no test goes on without one
    db_ = *std::move(opened);
  }

  std::vector<std::int64_t> items() { return integers_now(*db_, kAllItems); }
  std::vector<std::int64_t> keys() { return integers_now(*db_, kAllKeys); }

  /// Runs one coroutine to its end and gives its result.
  template <class T>
  T run(Awaitable<T> work) {
    auto done = net::co_spawn(contexts_[0], std::move(work), net::use_future);
    contexts_[0].restart();
    contexts_[0].run();
    return done.get();
  }

  Place place_;
  std::array<net::io_context, 2> contexts_;  // before db_: it posts to them until it has stopped
  std::unique_ptr<Database> db_;
};

/// Holds the committer in its callback, so that what is submitted meanwhile shares the next
/// transaction.
class Hold {
 public:
  explicit Hold(Database& db, std::int64_t item_id = 1'000'000) : op_(item_id) {
    db.submit(op_, [this](Result<>) {
      reached_.count_down();
      release_.wait();
    });
    reached_.wait();
  }
  ~Hold() { release(); }
  void release() {
    if (!released_) release_.count_down();
    released_ = true;
  }

 private:
  InsertItem op_;
  std::latch reached_{1};
  std::latch release_{1};
  bool released_ = false;
};

/// Submits all of `ops` while the committer is held, and waits for their results, in their order.
template <class Op>
std::vector<Result<>> commit_together(Database& db, const std::vector<std::unique_ptr<Op>>& ops) {
  std::vector<Result<>> results(ops.size());
  std::latch all_done(static_cast<std::ptrdiff_t>(ops.size()));
  Hold hold(db);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    db.submit(*ops[i], [&, i](Result<> result) {
      results[i] = std::move(result);
      all_done.count_down();
    });
  }
  hold.release();
  all_done.wait();
  return results;
}

inline std::vector<std::unique_ptr<InsertItem>> items_from_1_to(std::int64_t last) {
  std::vector<std::unique_ptr<InsertItem>> ops;
  for (std::int64_t id = 1; id <= last; ++id) ops.push_back(std::make_unique<InsertItem>(id));
  return ops;
}

}  // namespace flowsell::store
