#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::media {

/// So much of a file's beginning says what it is.
inline constexpr std::size_t kSniffedBytes = 4096;

/// What files are by their first bytes (libmagic). Thread-safe.
class Sniffer {
 public:
  Sniffer();
  ~Sniffer();
  /// A MIME type without parameters. Fails with kInternal where libmagic has no table.
  Result<std::string> type_of(std::string_view head);

 private:
  class Table;
  std::mutex mutex_;
  std::unique_ptr<Table> table_;  ///< from the first look on
};

/// Whether one of the patterns, each of which may end in '*', is the type.
bool is_one_of(std::string_view type, std::span<const std::string_view> patterns);

}  // namespace flowsell::media
