#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::sim {

/// The bytes of media and uploads, a file each. Without a folder of its own they lie in one that
/// is made for the first of them and goes at the end. With the registry's lock held.
class MediaFiles {
 public:
  MediaFiles() = default;
  ~MediaFiles();
  MediaFiles(const MediaFiles&) = delete;
  MediaFiles& operator=(const MediaFiles&) = delete;

  /// `folder` empty: one of the system's.
  Result<> open(const std::string& folder);
  /// `name` is an id of ours.
  Result<> write(std::string_view name, std::string_view bytes);
  /// Adds at the end.
  Result<> append(std::string_view name, std::string_view bytes);
  Result<std::string> read(std::string_view name) const;
  void remove(std::string_view name) const;

 private:
  Result<> put(std::string_view name, std::string_view bytes, const char* mode);
  Result<> make_folder();
  std::string path_of(std::string_view name) const { return folder_ + "/" + std::string(name); }
  std::string folder_;
  bool goes_at_the_end_ = false;
};

}  // namespace flowsell::sim
