#include "crypto/master_key_files.h"

#include <sodium.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "private_file.h"

namespace flowsell::crypto {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = 128;

bool is_there(const fs::path& file) {
  std::error_code error;
  return fs::exists(fs::symlink_status(file, error));
}

/// Keeps what a file holds under another name too.
Result<> copy_private_file(const fs::path& from, const fs::path& to) {
  TRY(std::string bytes, read_private_file(from, kFileBytesMax));
  Result<> done = create_private_file(to, bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return done;
}

/// Survives a power cut.
Result<> move(const fs::path& from, const fs::path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    return fail(ErrorCode::kInternal, from.filename().string() + " can't be renamed: " +
                                          std::generic_category().message(errno));
  }
  return sync_folder(to.has_parent_path() ? to.parent_path() : fs::path("."));
}

}  // namespace

MasterKeyFiles::MasterKeyFiles(const fs::path& folder)
    : current_(folder / "master.key"),
      next_(folder / "master.key.next"),
      former_(folder / "master.key.former"),
      refused_(folder / "master.key.refused") {}

bool MasterKeyFiles::has_next() const { return is_there(next_); }
bool MasterKeyFiles::has_former() const { return is_there(former_); }
bool MasterKeyFiles::has_refused() const { return is_there(refused_); }

Result<KeyRing> MasterKeyFiles::current(bool create) const {
  return KeyRing::from_file(current_, create);
}

Result<std::optional<KeyRing>> MasterKeyFiles::next() const {
  if (!has_next()) return std::nullopt;
  TRY(auto ring, KeyRing::from_file(next_, false));
  return ring;
}

Result<KeyRing> MasterKeyFiles::make_next() const {
  if (has_former() && !has_next()) {
    return fail(ErrorCode::kConflict,
                "master.key.former is still there: the last rotation has not ended");
  }
  CHECK_OK(destroy_private_file(refused_));
  return KeyRing::from_file(next_, true);
}

Result<> MasterKeyFiles::take_next() const {
  TRY(const KeyRing current, KeyRing::from_file(current_, false));
  if (!has_former()) CHECK_OK(copy_private_file(current_, former_));
  TRY(const KeyRing former, KeyRing::from_file(former_, false));
  if (former != current) {
    return fail(ErrorCode::kConflict,
                "master.key.former is another key than master.key: the last rotation has not "
                "ended");
  }
  return move(next_, current_);
}

Result<> MasterKeyFiles::refuse_next() const { return move(next_, refused_); }

Result<bool> MasterKeyFiles::has_older_former() const {
  if (!has_former()) return false;
  TRY(const KeyRing current, KeyRing::from_file(current_, false));
  TRY(const KeyRing former, KeyRing::from_file(former_, false));
  return former != current;
}

Result<> MasterKeyFiles::destroy_former() const { return destroy_private_file(former_); }

}  // namespace flowsell::crypto
