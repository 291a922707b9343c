#include "state/media_files.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace flowsell::sim {

MediaFiles::~MediaFiles() {
  std::error_code ignored;
  if (goes_at_the_end_) std::filesystem::remove_all(folder_, ignored);
}

Result<> MediaFiles::open(const std::string& folder) {
  folder_ = folder;
  if (folder_.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (!error) return {};
  return fail(ErrorCode::kInternal, "the simulator's folder of media can't be made");
}

Result<> MediaFiles::make_folder() {
  std::error_code error;
  auto pattern = std::filesystem::temp_directory_path(error).string() + "/connect-sim-XXXXXX";
  if (error || mkdtemp(pattern.data()) == nullptr)
    return fail(ErrorCode::kInternal, "the simulator's folder of media can't be made");
  folder_ = std::move(pattern);
  goes_at_the_end_ = true;
  return {};
}

Result<> MediaFiles::put(std::string_view name, std::string_view bytes, const char* mode) {
  if (folder_.empty()) CHECK_OK(make_folder());
  auto* file = std::fopen(path_of(name).c_str(), mode);
  if (file == nullptr) return fail(ErrorCode::kInternal, "a file of media can't be written");
  const auto written = std::fwrite(bytes.data(), 1, bytes.size(), file);
  const bool closed = std::fclose(file) == 0;
  if (written == bytes.size() && closed) return {};
  return fail(ErrorCode::kInternal, "a file of media can't be written");
}

Result<> MediaFiles::write(std::string_view name, std::string_view bytes) {
  return put(name, bytes, "wb");
}

Result<> MediaFiles::append(std::string_view name, std::string_view bytes) {
  return put(name, bytes, "ab");
}

Result<std::string> MediaFiles::read(std::string_view name) const {
  std::ifstream file(path_of(name), std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, "no such file of media");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void MediaFiles::remove(std::string_view name) const {
  std::error_code ignored;
  std::filesystem::remove(path_of(name), ignored);
}

}  // namespace flowsell::sim
