#include "engine_database.h"

#include <boost/asio/async_result.hpp>
#include <future>
#include <utility>

#include "migrations.h"

namespace flowsell::store {
namespace {

using Done = std::move_only_function<void(Result<>)>;

/// Suspends the calling coroutine until what `start(executor, done)` began calls `done`.
template <class Start>
Task<> suspend_until_done(Start start) {
  auto initiate = [start = std::move(start)](auto handler) mutable {
    const net::any_io_executor home = net::get_associated_executor(handler);
    start(home, Done(std::move(handler)));
  };
  return net::async_initiate<const net::use_awaitable_t<>, void(Result<>)>(std::move(initiate),
                                                                           net::use_awaitable);
}

/// Waits, on this thread, until what `start(done)` began calls `done`.
template <class Start>
Result<> block_until_done(Start start) {
  std::promise<Result<>> promise;
  start([&promise](Result<> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

}  // namespace

EngineDatabase::EngineDatabase(std::unique_ptr<Writer> writer, std::size_t batch_max,
                               std::vector<std::unique_ptr<Reader>> readers)
    : writer_(std::move(writer)), committer_(*writer_, batch_max), readers_(std::move(readers)) {}

EngineDatabase::~EngineDatabase() { EngineDatabase::stop(); }

Task<> EngineDatabase::commit(WriteOp& op) {
  return suspend_until_done([this, &op](const net::any_io_executor& home, Done done) {
    committer_.submit(op, home, std::move(done));
  });
}

void EngineDatabase::submit(WriteOp& op, Done done) { committer_.submit(op, {}, std::move(done)); }

Result<> EngineDatabase::read_now(const std::function<void(Connection&)>& fn) {
  return block_until_done([this, &fn](Done done) { readers_.submit(fn, {}, std::move(done)); });
}

Result<> EngineDatabase::commit_now(WriteOp& op) {
  return block_until_done([this, &op](Done done) { committer_.submit(op, {}, std::move(done)); });
}

Result<> EngineDatabase::migrate(std::span<const Migration> migrations) {
  return committer_.exclusively(
      [migrations](Writer& writer) { return apply_migrations(writer, migrations); });
}

Result<> EngineDatabase::scrub(std::span<const std::string_view> tables) {
  if (writer_->scrubs_beside()) return writer_->scrub(tables);
  return committer_.exclusively([tables](Writer& writer) { return writer.scrub(tables); });
}

void EngineDatabase::stop() {
  committer_.stop();
  readers_.stop();
}

Task<> EngineDatabase::read_erased(std::function<void(Connection&)> fn) {
  return suspend_until_done(
      [this, fn = std::move(fn)](const net::any_io_executor& home, Done done) mutable {
        readers_.submit(std::move(fn), home, std::move(done));
      });
}

}  // namespace flowsell::store
