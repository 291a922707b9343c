#pragma once

#include <memory>
#include <vector>

#include "committer.h"
#include "driver.h"
#include "readers.h"

namespace flowsell::store {

/// Database on any driver: one writer behind the group commit, readers beside it.
class EngineDatabase final : public Database {
 public:
  EngineDatabase(std::unique_ptr<Writer> writer, std::size_t batch_max,
                 std::vector<std::unique_ptr<Reader>> readers);
  ~EngineDatabase() override;

  Task<> commit(WriteOp& op) override;
  void submit(WriteOp& op, std::move_only_function<void(Result<>)> done) override;
  Result<> read_now(const std::function<void(Connection&)>& fn) override;
  Result<> commit_now(WriteOp& op) override;
  Result<> migrate(std::span<const Migration> migrations) override;
  Result<> scrub(std::span<const std::string_view> tables) override;
  Stats stats() const override { return committer_.stats(); }
  bool healthy() const override { return committer_.healthy(); }
  void stop() override;

 protected:
  Task<> read_erased(std::function<void(Connection&)> fn) override;

 private:
  // Destroyed from the last to the first: the readers' connections close before the writer's.
  std::unique_ptr<Writer> writer_;
  Committer committer_;
  Readers readers_;
};

}  // namespace flowsell::store
