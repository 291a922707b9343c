#include "private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <utility>

#include "core/descriptor.h"
#include "core/encoding.h"
#include "core/random.h"

namespace flowsell::crypto {
namespace {

namespace fs = std::filesystem;

/// How often a file is read again that was replaced meanwhile.
constexpr int kReadsMax = 20;

/// To be called while errno still is the failed call's.
std::unexpected<Error> failed(std::string_view what, const fs::path& file) {
  const std::string reason = std::generic_category().message(errno);
  return fail(ErrorCode::kInternal,
              "can't " + std::string(what) + " '" + file.filename().string() + "': " + reason);
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// A name beside `file` that nobody else uses.
fs::path temporary_name(const fs::path& file) {
  std::array<std::uint8_t, 8> random;
  fill_random(random);
  return folder_of(file) / ("." + file.filename().string() + "." + hex_encode(random) + ".tmp");
}

Result<> write_new_file(const fs::path& file, std::string_view bytes) {
  const Descriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.is_open()) return failed("create", file);
  if (!write_all(fd.get(), bytes) || ::fsync(fd.get()) != 0) return failed("write", file);
  return {};
}

/// Unlike rename(), never replaces: two processes that start together end up with one key.
Result<> publish(const fs::path& temporary, const fs::path& file) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0)
    return {};
  if (errno != EINVAL && errno != ENOSYS) return failed("create", file);
  // A file system without that flag: a hard link refuses an existing name as well.
  if (::link(temporary.c_str(), file.c_str()) != 0) return failed("create", file);
  ::unlink(temporary.c_str());
  return {};
}

Result<> check_private(int fd, const fs::path& file, std::size_t size_max) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return failed("read", file);
  const std::string name = "'" + file.filename().string() + "'";
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kInternal, name + " is not a regular file");
  if ((status.st_mode & 077) != 0) {
    return fail(ErrorCode::kInternal, name + " is open to other users: chmod 600 it");
  }
  if (status.st_size > static_cast<off_t>(size_max)) {
    return fail(ErrorCode::kInternal, name + " is longer than a key file can be");
  }
  return {};
}

Result<> overwrite(int fd, const fs::path& file) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return failed("overwrite", file);
  const std::string zeros(static_cast<std::size_t>(status.st_size), '\0');
  if (!write_all(fd, zeros) || ::fsync(fd) != 0) return failed("overwrite", file);
  return {};
}

/// A file that lost its name while it was read may have been overwritten in the meantime.
Result<bool> has_name(int fd, const fs::path& file) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return failed("read", file);
  return status.st_nlink > 0;
}

Result<std::string> read_all(int fd, const fs::path& file, std::size_t size_max) {
  std::string bytes(size_max, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t n = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", file);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

Result<> sync_folder(const fs::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || ::fsync(fd.get()) != 0) return failed("sync the folder", folder);
  return {};
}

Result<> create_private_file(const fs::path& file, std::string_view bytes) {
  const fs::path temporary = temporary_name(file);
  Result<> done = write_new_file(temporary, bytes);
  if (done) done = publish(temporary, file);
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return sync_folder(folder_of(file));
}

Result<> replace_private_file(const fs::path& file, std::string_view bytes) {
  // Opened before it loses its name, so that its bytes can be reached afterwards.
  const Descriptor old(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!old.is_open()) return failed("replace", file);
  const fs::path temporary = temporary_name(file);
  if (auto written = write_new_file(temporary, bytes); !written) {
    (void)destroy_private_file(temporary);
    return written;
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    ::unlink(temporary.c_str());
    return failed("replace", file);
  }
  CHECK_OK(sync_folder(folder_of(file)));
  return overwrite(old.get(), file);
}

Result<std::string> read_private_file(const fs::path& file, std::size_t size_max) {
  for (int i = 0; i < kReadsMax; ++i) {
    const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.is_open()) return failed("open", file);
    CHECK_OK(check_private(fd.get(), file, size_max));
    TRY(auto bytes, read_all(fd.get(), file, size_max));
    TRY(const bool is_current, has_name(fd.get(), file));
    if (is_current) return bytes;
  }
  return fail(ErrorCode::kInternal,
              "'" + file.filename().string() + "' is replaced faster than it can be read");
}

Result<> destroy_leftover_file(const fs::path& file) {
  fs::path aside = file;
  aside += ".gone";
  if (::rename(file.c_str(), aside.c_str()) != 0) {
    if (errno == ENOENT) return {};  // another process was quicker
    return failed("destroy", file);
  }
  struct stat status{};
  if (::lstat(aside.c_str(), &status) == 0 && status.st_nlink > 1) {
    ::unlink(aside.c_str());
    return sync_folder(folder_of(file));
  }
  return destroy_private_file(aside);
}

Result<> destroy_private_file(const fs::path& file) {
  const Descriptor fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.is_open()) {
    if (errno == ENOENT) return {};
    return failed("destroy", file);
  }
  CHECK_OK(overwrite(fd.get(), file));
  if (::unlink(file.c_str()) != 0) return failed("destroy", file);
  return sync_folder(folder_of(file));
}

Result<> create_private_folder(const fs::path& folder) {
  std::error_code ec;
  if (fs::is_directory(folder, ec)) return {};
  if (folder.has_parent_path() && !fs::is_directory(folder.parent_path(), ec)) {
    CHECK_OK(create_private_folder(folder.parent_path()));
  }
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return failed("create the folder", folder);
  return sync_folder(folder_of(folder));
}

}  // namespace flowsell::crypto
