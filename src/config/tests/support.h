#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/settings.h"

namespace flowsell::config {

/// A TOML file that is gone after the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "connect_config_XXXXXX").string();
    const int descriptor = mkstemp(pattern.data());
    close(descriptor);
    path_ = pattern;
    std::ofstream(path_) << text;
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  ~ConfigFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The faults of a load that must fail; empty when it succeeded.
inline std::vector<FieldError> faults_of(const Result<LoadedSettings>& loaded) {
  return loaded ? std::vector<FieldError>{} : loaded.error().fields;
}

/// "pointer code" of the only fault; a list of all otherwise, so that a failing test shows them.
inline std::string only_fault(const Result<LoadedSettings>& loaded) {
  std::string all;
  for (const FieldError& fault : faults_of(loaded)) {
    if (!all.empty()) all += ", ";
    all += fault.pointer + " " + fault.code;
  }
  return all;
}

}  // namespace flowsell::config
