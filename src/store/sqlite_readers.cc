#include "sqlite_readers.h"

#include <sqlite3.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace flowsell::store {
namespace {

constexpr Sql kBegin("BEGIN");
constexpr Sql kEnd("COMMIT");

Result<> read_in_transaction(SqliteConnection& connection, const SqliteReaders::Read& read) {
  CHECK_OK(connection.run(kBegin, {}));
  try {
    read(connection);
  } catch (const std::exception&) {  // what() is not passed on: it may quote data
    connection.rollback();
    return fail(ErrorCode::kInternal, "an exception left a read operation");
  }
  // An I/O error ends the transaction by itself: the read has it as its result, and there is
  // nothing to commit.
  if (sqlite3_get_autocommit(connection.handle()) != 0) return {};
  auto ended = connection.run(kEnd, {});
  connection.rollback();  // nothing, unless COMMIT failed
  if (!ended) return std::unexpected(std::move(ended).error());
  return {};
}

}  // namespace

SqliteReaders::SqliteReaders(std::vector<std::unique_ptr<SqliteConnection>> connections)
    : connections_(std::move(connections)) {
  for (auto& connection : connections_) {
    threads_.emplace_back([this, reader = connection.get()] { run(*reader); });
  }
}

SqliteReaders::~SqliteReaders() { stop(); }

void SqliteReaders::submit(Read read, net::any_io_executor home, Done done) {
  std::unique_lock lock(queue_mutex_);
  if (!stopping_ && queue_.size() < kWaitingMax) {
    queue_.push_back({std::move(read), std::move(home), std::move(done)});
    lock.unlock();
    work_came_.notify_one();
    return;
  }
  Error refused{ErrorCode::kShuttingDown, "the server is stopping"};
  if (!stopping_) {
    refused = {ErrorCode::kOverloaded, "too many reads wait for the database"};
    refused.retry_after = std::chrono::seconds(1);
  }
  lock.unlock();
  tell(home, std::move(done), std::unexpected(std::move(refused)));
}

void SqliteReaders::stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  work_came_.notify_all();
  const std::lock_guard lock(join_mutex_);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void SqliteReaders::run(SqliteConnection& connection) {
  Job job;
  while (take(job)) {
    auto result = read_in_transaction(connection, job.read);
    job.read = nullptr;  // what it holds must be gone before its caller goes on
    tell(job.home, std::move(job.done), std::move(result));
  }
}

bool SqliteReaders::take(Job& out) {
  std::unique_lock lock(queue_mutex_);
  work_came_.wait(lock, [this] { return !queue_.empty() || stopping_; });
  if (queue_.empty()) return false;
  out = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

void SqliteReaders::tell(const net::any_io_executor& home, Done done, Result<> result) {
  if (!home) return done(std::move(result));
  net::post(home, [done = std::move(done), result = std::move(result)]() mutable {
    done(std::move(result));
  });
}

}  // namespace flowsell::store
