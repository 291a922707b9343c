#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"

namespace flowsell::store {

/// A file in the making: readable by its owner only, removed again unless it is published.
class UnfinishedFile {
 public:
  /// Makes the empty file; it replaces one that a crash left under this name.
  static Result<UnfinishedFile> create(std::string path);
  UnfinishedFile(UnfinishedFile&& other) noexcept;
  UnfinishedFile& operator=(UnfinishedFile&&) = delete;
  ~UnfinishedFile();

  const std::string& path() const noexcept { return path_; }
  /// Writes all bytes of another file into it.
  Result<> copy_of(const std::string& source) const;
  /// After the last change. Its size.
  Result<std::int64_t> sync() const;
  /// Gives it its name, and syncs the folder. Never replaces a file.
  Result<> publish(const std::string& name);

 private:
  explicit UnfinishedFile(std::string path) : path_(std::move(path)) {}
  std::string path_;  ///< empty: published
};

bool file_exists(const std::string& path);
/// Its size; 0 when there is none.
std::int64_t file_size(const std::string& path);

/// The file's first bytes, at most; empty when it can't be read.
std::string first_bytes(const std::string& path, std::size_t count);

}  // namespace flowsell::store
