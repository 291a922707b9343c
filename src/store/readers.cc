#include "readers.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace flowsell::store {
namespace {

Result<> read_in_transaction(Reader& reader, const Readers::Read& read) {
  CHECK_OK(reader.begin());
  try {
    read(reader.connection());
  } catch (const std::exception&) {  // what() is not passed on: it may quote data
    (void)reader.end();
    return fail(ErrorCode::kInternal, "an exception left a read operation");
  }
  return reader.end();
}

}  // namespace

Readers::Readers(std::vector<std::unique_ptr<Reader>> readers) : readers_(std::move(readers)) {
  for (auto& each : readers_) {
    threads_.emplace_back([this, reader = each.get()] { run(*reader); });
  }
}

Readers::~Readers() { stop(); }

void Readers::submit(Read read, net::any_io_executor home, Done done) {
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

void Readers::stop() {
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

void Readers::run(Reader& reader) {
  Job job;
  while (take(job)) {
    auto result = read_in_transaction(reader, job.read);
    job.read = nullptr;  // what it holds must be gone before its caller goes on
    tell(job.home, std::move(job.done), std::move(result));
  }
}

bool Readers::take(Job& out) {
  std::unique_lock lock(queue_mutex_);
  work_came_.wait(lock, [this] { return !queue_.empty() || stopping_; });
  if (queue_.empty()) return false;
  out = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

void Readers::tell(const net::any_io_executor& home, Done done, Result<> result) {
  if (!home) return done(std::move(result));
  net::post(home, [done = std::move(done), result = std::move(result)]() mutable {
    done(std::move(result));
  });
}

}  // namespace flowsell::store
