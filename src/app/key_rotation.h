#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "keys.h"
#include "process.h"
#include "store/database.h"
#include "vault/rotation.h"

namespace flowsell::app {

/// Gives this process another master key while it runs, as soon as one is there (decision 25). It
/// has the root keys in memory: nobody else of it notices. In a thread of its own, which looks for
/// the file every other second.
class KeyRotation {
 public:
  /// Of the processes that run on the database now, this one included.
  using Names = std::function<std::vector<std::string>()>;
  /// `name`: this process's among them. All outlive it.
  KeyRotation(Process& process, store::Database& shared, std::string name, Names live);
  ~KeyRotation();  ///< stop(), if it was not called
  KeyRotation(const KeyRotation&) = delete;
  KeyRotation& operator=(const KeyRotation&) = delete;

  void start();
  /// Blocking; before the database stops.
  void stop();

 private:
  void run();
  Result<> work();
  Result<> find_next();
  Result<> adopt();
  Result<> give_way();
  Result<> finish();
  void tell(const Result<>& done);

  const vault::RootKeys roots_;
  const vault::RotationDesk desk_;
  const std::string name_;
  const Names live_;

  // Of the thread.
  MasterKeys master_;
  std::string told_;          ///< the last failure, which is told once
  bool is_accepted_ = false;  ///< both open the root keys; of settings: until the restart

  std::atomic<bool> is_open_{true};  ///< there may be more to do
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace flowsell::app
