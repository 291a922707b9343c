#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace flowsell::testkit {

/// A folder of one test alone, gone with it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  /// True when any file in it, at any depth, holds these bytes.
  bool holds(std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace flowsell::testkit
