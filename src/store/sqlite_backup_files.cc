#include "sqlite_backup_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/descriptor.h"

namespace flowsell::store {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

/// To be called while errno still is the failed call's.
std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const std::string reason = std::generic_category().message(errno);
  return fail(ErrorCode::kStoreUnavailable,
              "can't " + std::string(what) + " '" + path + "': " + reason);
}

Descriptor open_file(const std::string& path, int flags) {
  return Descriptor(::open(path.c_str(), flags | O_CLOEXEC, kOwnerOnly));
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Result<> sync_path(const std::string& path, int flags) {
  const Descriptor fd = open_file(path, O_RDONLY | flags);
  if (!fd.is_open() || ::fsync(fd.get()) != 0) return failed("sync", path);
  return {};
}

/// Unlike rename(), never replaces.
Result<> rename_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return failed("make", to);
  // A file system without that flag: a hard link refuses an existing name as well.
  if (::link(from.c_str(), to.c_str()) != 0) return failed("make", to);
  ::unlink(from.c_str());
  return {};
}

}  // namespace

Result<UnfinishedFile> UnfinishedFile::create(std::string path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("replace", path);
  const Descriptor fd = open_file(path, O_RDWR | O_CREAT | O_EXCL);
  if (!fd.is_open()) return failed("make", path);
  return UnfinishedFile(std::move(path));
}

UnfinishedFile::UnfinishedFile(UnfinishedFile&& other) noexcept
    : path_(std::exchange(other.path_, std::string())) {}

UnfinishedFile::~UnfinishedFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<> UnfinishedFile::copy_of(const std::string& source) const {
  const Descriptor in = open_file(source, O_RDONLY);
  if (!in.is_open()) return failed("read", source);
  const Descriptor out = open_file(path_, O_WRONLY);
  if (!out.is_open()) return failed("write", path_);
  std::vector<char> piece(kPieceBytes);
  while (true) {
    const ssize_t n = ::read(in.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", source);
    if (n == 0) return {};
    if (!write_all(out.get(), {piece.data(), static_cast<std::size_t>(n)}))
      return failed("write", path_);
  }
}

Result<std::int64_t> UnfinishedFile::sync() const {
  CHECK_OK(sync_path(path_, 0));
  return file_size(path_);
}

Result<> UnfinishedFile::publish(const std::string& name) {
  CHECK_OK(rename_new(path_, name));
  path_.clear();
  return sync_path(folder_of(name), O_DIRECTORY);
}

bool file_exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

std::int64_t file_size(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? std::int64_t{status.st_size} : 0;
}

std::string first_bytes(const std::string& path, std::size_t count) {
  const Descriptor fd = open_file(path, O_RDONLY);
  std::string bytes(count, '\0');
  const ssize_t n = fd.is_open() ? ::read(fd.get(), bytes.data(), bytes.size()) : 0;
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  return bytes;
}

}  // namespace flowsell::store
