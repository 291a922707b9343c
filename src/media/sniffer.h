#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "runtime/task.h"
#include "runtime/workers.h"

namespace flowsell::media {

/// So much of a file's beginning says what it is.
inline constexpr std::size_t kSniffedBytes = 4096;

/// What files are by their first bytes (libmagic). On threads of its own: some bytes take it a
/// tenth of a second. Thread-safe.
class Sniffer {
 public:
  Sniffer();
  ~Sniffer();  ///< when its callers' executors have stopped, or nobody waits, and before they are
               ///< destroyed
  /// A MIME type without parameters. Fails with kInternal where libmagic has no table, and with
  /// kOverloaded.
  Task<std::string> type_of(std::string head);

 private:
  class Table;
  Result<std::string> look(std::string_view head);
  std::unique_ptr<Table> take_table();

  std::mutex mutex_;
  std::vector<std::unique_ptr<Table>> free_;  ///< each is used by one thread at a time
  runtime::Workers workers_;
};

/// Whether one of the patterns, each of which may end in '*', is the type.
bool is_one_of(std::string_view type, std::span<const std::string_view> patterns);

}  // namespace flowsell::media
