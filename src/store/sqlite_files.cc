#include "sqlite_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace flowsell::store {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

std::unexpected<Error> system_failure(const std::string& what, int error) {
  return fail(ErrorCode::kStoreUnavailable, what + ": " + std::generic_category().message(error));
}

Result<> sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return system_failure("can't open the database's folder", errno);
  if (::fsync(fd.get()) != 0) return system_failure("can't sync the database's folder", errno);
  return {};
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly));
  if (!fd.is_open()) return system_failure("can't open the database's lock file", errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(fd));
  if (errno != EWOULDBLOCK) return system_failure("can't lock the database", errno);
  return fail(ErrorCode::kStoreUnavailable, "another process has this database open");
}

Result<> create_private_file(const std::string& path) {
  {
    const Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
    if (!fd.is_open() && errno == EEXIST) return {};
    if (!fd.is_open()) return system_failure("can't create the database", errno);
  }
  return sync_folder_of(path);
}

}  // namespace flowsell::store
