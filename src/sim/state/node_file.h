#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::sim {

/// One node as the file keeps it.
struct NodeRow {
  std::string kind;
  std::string id;
  std::int64_t version = 0;  ///< of two rows for one node, the greater one stands
  std::string body;          ///< its fields as JSON; empty: it is gone
};

/// The simulator's state on disk: one SQLite file in a folder of its own. A simulator's tokens and
/// secrets stand in it in clear.
class NodeFile {
 public:
  /// Makes folder and file where they are missing. Fails when another process has it.
  static Result<std::unique_ptr<NodeFile>> open(const std::string& folder);
  /// Every node that is not gone. Blocking: for the start.
  Result<> each(const std::function<void(const NodeRow&)>& visit);
  /// On disk when it returns.
  Task<> write(std::vector<NodeRow> rows);
  void close();

 private:
  explicit NodeFile(std::unique_ptr<store::Database> database) : database_(std::move(database)) {}
  std::unique_ptr<store::Database> database_;
};

}  // namespace flowsell::sim
