#pragma once

#include <cstddef>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::cluster {

/// In which cell the workspace is that has an API key, or a sender. A name is a short text of its
/// owner's choice, told apart by its head ("key:...", "whatsapp:..."). A provider's names
/// ("whatsapp...") may move from cell to cell: memory believes in them for some seconds only.
/// Thread-safe.
class Directory {
 public:
  explicit Directory(store::Database& shared) : shared_(shared) {}

  /// Where memory knows it: no look-up.
  std::optional<std::size_t> find_cached(std::string_view name) const;
  /// nullopt: there is no such name.
  Task<std::optional<std::size_t>> find(std::string name);
  /// Stores those of a cell's names that are not stored yet; of a provider's, those that no other
  /// cell has. Blocking.
  Result<> publish(std::size_t cell, std::vector<std::string> names);
  /// They are not in that cell any more. Other processes may believe in them until they end.
  Task<> withdraw(std::size_t cell, std::vector<std::string> names);
  /// Those of a cell, but where another cell has one of them: false then, and nothing is changed.
  Task<bool> claim(std::size_t cell, std::vector<std::string> names);
  /// One that is new.
  Task<> publish_one(std::size_t cell, std::string name);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>{}(name);
    }
  };
  /// Where a name is, and until when that is believed.
  struct Known {
    std::size_t cell = 0;
    SteadyTime until = SteadyTime::max();
  };
  void remember(std::string name, std::size_t cell);

  store::Database& shared_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Known, Hash, std::equal_to<>> known_;
};

}  // namespace flowsell::cluster
