// What one durable operation costs: a 200-byte row under a time-ordered 16-byte key, a 24-byte row
// under a random 16-byte key, and one counter update a batch. Prints microseconds of wall clock and
// of CPU for each pair of rows.
//
//     store_commit_cost FOLDER [LOG_PAGES]      (on the disk to measure)
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/id.h"
#include "core/random.h"
#include "store/sqlite.h"

namespace flowsell::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Migration kMigrations[] = {
    {1, "tables",
     "CREATE TABLE message(id BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID, STRICT;"
     "CREATE TABLE idempotency(key BLOB PRIMARY KEY, message_id BLOB NOT NULL) WITHOUT ROWID, "
     "STRICT;"
     "CREATE TABLE quota(workspace INTEGER PRIMARY KEY, used INTEGER NOT NULL) STRICT;"
     "INSERT INTO quota VALUES(1, 0);"},
};
constexpr Sql kInsertMessage("INSERT INTO message(id, body) VALUES(?1, ?2)");
constexpr Sql kInsertKey(
    "INSERT INTO idempotency(key, message_id) VALUES(?1, ?2) ON CONFLICT DO NOTHING");
constexpr Sql kCount("UPDATE quota SET used = used + ?1 WHERE workspace = 1");

struct SendOp : WriteOp {
  SendOp() : WriteOp(kKind) {}
  IdBytes id{};
  IdBytes key{};

  static Result<> apply(Connection& db, std::span<WriteOp* const> ops);
  static const WriteKind kKind;
};

std::string_view view(const IdBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<> SendOp::apply(Connection& db, std::span<WriteOp* const> ops) {
  static const std::string body(184, 'x');
  for (WriteOp* op : ops) {
    const auto& send = as<SendOp>(op);
    CHECK_OK(db.write(kInsertMessage, {Param::blob(view(send.id)), Param::blob(body)}));
  }
  for (WriteOp* op : ops) {
    const auto& send = as<SendOp>(op);
    CHECK_OK(db.write(kInsertKey,
                      {Param::blob(view(send.key)), Param::blob(view(send.id).substr(0, 8))}));
  }
  CHECK_OK(db.write(kCount, {static_cast<std::int64_t>(ops.size())}));
  return {};
}
constexpr WriteKind SendOp::kKind{"send", 1, &SendOp::apply};

struct Load {
  std::size_t clients;
  std::int64_t operations;  ///< of all clients together
  std::int64_t per_second =
      0;  ///< 0: each client's next operation begins when the last one is durable
};

struct Shared {
  Database& db;
  IdSource& ids;
  const Load& load;
  std::int64_t begun = 0;
  std::vector<float> latencies_ms = {};
  bool failed = false;
};

Awaitable<void> send_one(Shared& shared) {
  SendOp op;
  op.id = shared.ids.next_bytes();
  fill_random(op.key);
  const auto begin = SteadyClock::now();
  if (!co_await shared.db.commit(op)) shared.failed = true;
  shared.latencies_ms.push_back(
      std::chrono::duration<float, std::milli>(SteadyClock::now() - begin).count());
}

Awaitable<void> send_until_the_end(Shared& shared) {
  net::steady_timer timer(co_await net::this_coro::executor);
  auto next =
      SteadyClock::now() + std::chrono::microseconds(static_cast<int>(random_unit() * 20'000));
  while (shared.begun++ < shared.load.operations) {
    if (shared.load.per_second > 0) {
      next += std::chrono::nanoseconds(
          1'000'000'000 * static_cast<std::int64_t>(shared.load.clients) / shared.load.per_second);
      timer.expires_at(next);
      co_await timer.async_wait(net::use_awaitable);
    }
    co_await send_one(shared);
  }
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void print_line(const Load& load, const Database::Stats& stats, double wall_s, double cpu_s,
                std::vector<float> latencies_ms) {
  std::ranges::sort(latencies_ms);
  const auto at = [&](double q) {
    const double last = static_cast<double>(latencies_ms.size() - 1);
    return static_cast<double>(latencies_ms[static_cast<std::size_t>(q * last)]);
  };
  const auto operations = static_cast<double>(stats.operations);
  std::printf(
      "%7lld ops of %3zu clients%s: batch %5.1f, wall %6.2f us/op, cpu %6.2f us/op, %6.0f ops/s, "
      "ms p50 %.2f p99 %.2f p99.9 %.2f max %.1f\n",
      static_cast<long long>(load.operations), load.clients, load.per_second > 0 ? ", paced" : "",
      operations / static_cast<double>(stats.commits), wall_s * 1e6 / operations,
      cpu_s * 1e6 / operations, operations / wall_s, at(0.5), at(0.99), at(0.999), at(1));
}

bool measure(Database& db, const Load& load) {
  const SystemClock clock;
  IdSource ids(clock);
  Shared shared{.db = db, .ids = ids, .load = load};
  net::io_context io(1);
  for (std::size_t i = 0; i < load.clients; ++i) {
    net::co_spawn(io, send_until_the_end(shared), [](const std::exception_ptr&) {});
  }
  const double cpu_before = cpu_seconds();
  const auto begin = SteadyClock::now();
  io.run();
  const double wall_s = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  print_line(load, db.stats(), wall_s, cpu_seconds() - cpu_before, std::move(shared.latencies_ms));
  return !shared.failed;
}

/// Each load gets a new database, so that the size of its tables is known.
bool run(const std::string& folder, std::size_t log_pages, const Load& load) {
  const std::string path = folder + "/commit_cost.db";
  for (const char* end : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path + end);
  auto db = open_sqlite({.path = path, .log_pages = log_pages});
  if (!db || !(*db)->migrate(kMigrations)) {
    std::fprintf(stderr, "can't open a database in %s\n", folder.c_str());
    return false;
  }
  return measure(**db, load);
}

constexpr Load kLoads[] = {
    {1, 5'000},
    {32, 20'000},
    {64, 20'000},
    {256, 20'000},
    {512, 20'000},
    {64, 500'000},
    {256, 500'000},
    {512, 1'000'000},
    {256, 100'000, 10'000},
    {256, 200'000, 20'000},
    {256, 400'000, 40'000},
};

}  // namespace
}  // namespace flowsell::store

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: store_commit_cost FOLDER [LOG_PAGES]\n");
    return 2;
  }
  const std::size_t log_pages =
      argc > 2 ? std::strtoul(argv[2], nullptr, 10) : flowsell::store::SqliteOptions().log_pages;
  bool good = true;
  for (const auto& load : flowsell::store::kLoads) {
    good = flowsell::store::run(argv[1], log_pages, load) && good;
  }
  return good ? 0 : 1;
}
