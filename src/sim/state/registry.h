#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "runtime/task.h"
#include "state/node.h"
#include "state/node_file.h"

namespace flowsell::sim {

/// Every node of the simulated Graph, in memory, and in a file where there is one. A call locks it,
/// works, takes the names of what it changed with changed(), unlocks, and awaits save(). References
/// to nodes are good while the lock is held.
class Registry {
 public:
  /// Reads what the file of that folder holds. Fails where it can't be opened.
  Result<> open(const std::string& folder);
  void close();

  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

  // All below: with the lock held.
  Node* find(NodeKind kind, std::string_view id);
  /// A node that the Graph can be asked for by its id alone: not a token or code.
  Node* find(std::string_view id);
  Node& add(NodeKind kind, std::string id, json::Object fields);
  /// Says that the node was changed.
  void touch(const Node& node);
  void remove(NodeKind kind, std::string_view id);
  /// Oldest id first. `visit` gives false to stop, and adds or removes none of that kind.
  void each(NodeKind kind, const std::function<bool(Node&)>& visit);
  /// Sixteen digits, greater than any before.
  std::string new_id();
  /// Gives nodes that are only made when somebody asks for them: those the simulator was started
  /// with.
  void on_missing(std::function<std::optional<Node>(std::string_view id)> make) {
    make_missing_ = std::move(make);
  }

  using Names = std::vector<std::pair<NodeKind, std::string>>;
  /// What was added, touched or removed since the last call.
  Names changed();
  /// The rows to be written for these, as they are now.
  std::vector<NodeRow> rows_of(const Names& names);

  /// Without the lock: makes the rows durable; done at once where there is no file.
  Task<> save(std::vector<NodeRow> rows);

 private:
  using Nodes = std::map<std::string, Node, std::less<>>;
  Nodes& of(NodeKind kind) { return nodes_[static_cast<std::size_t>(kind)]; }
  const Nodes& of(NodeKind kind) const { return nodes_[static_cast<std::size_t>(kind)]; }

  std::mutex mutex_;
  std::array<Nodes, kNodeKinds> nodes_;
  std::set<std::pair<NodeKind, std::string>> changed_;
  std::function<std::optional<Node>(std::string_view)> make_missing_;
  std::int64_t last_id_ = 0;
  std::int64_t version_ = 0;
  std::unique_ptr<NodeFile> file_;
};

}  // namespace flowsell::sim
