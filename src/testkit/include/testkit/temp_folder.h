#pragma once

#include <filesystem>
#include <memory>
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
  /// Something of the test's that ends with the folder.
  std::shared_ptr<void>& companion() noexcept { return companion_; }

 private:
  std::filesystem::path path_;
  std::shared_ptr<void> companion_;
};

}  // namespace flowsell::testkit
