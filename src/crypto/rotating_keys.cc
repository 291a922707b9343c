#include "crypto/rotating_keys.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "core/encoding.h"
#include "private_file.h"

namespace flowsell::crypto {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".key";
constexpr std::size_t kKeyBytes = 32;

/// The number in "<name>-<number>.key"; nullopt when the file is not one of ours.
std::optional<std::uint32_t> id_in(std::string_view file_name, std::string_view name) {
  if (!file_name.starts_with(name) || !file_name.ends_with(kSuffix)) return std::nullopt;
  if (file_name.size() <= name.size() + 1 + kSuffix.size() || file_name[name.size()] != '-')
    return std::nullopt;
  file_name.remove_prefix(name.size() + 1);
  file_name.remove_suffix(kSuffix.size());
  std::uint32_t id = 0;
  const char* const last = file_name.data() + file_name.size();
  const auto [end, error] = std::from_chars(file_name.data(), last, id);
  if (error != std::errc{} || end != last) return std::nullopt;
  return id;
}

/// A file that a crash left half written: its key was never used.
bool is_leftover(std::string_view file_name, std::string_view name) {
  return file_name.starts_with("." + std::string(name) + "-") && file_name.ends_with(".tmp");
}

Result<Key> read_key(const fs::path& file) {
  TRY(std::string bytes, read_private_file(file, kKeyBytes));
  if (bytes.size() != kKeyBytes) {
    return fail(ErrorCode::kInternal,
                "'" + file.filename().string() + "' is cut short: it holds no key");
  }
  std::array<std::uint8_t, kKeyBytes> array;
  std::ranges::copy(as_bytes(bytes), array.begin());
  Key key(array);
  sodium_memzero(array.data(), array.size());
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

Result<std::vector<fs::path>> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    files.push_back(it->path());
  if (ec)
    return fail(ErrorCode::kInternal,
                "can't read the key folder " + folder.string() + ": " + ec.message());
  return files;
}

bool is_over(std::uint32_t id, const RotatingKeysOptions& options, Time now) {
  return Time(options.period * std::int64_t{id}) + options.life <= now;
}

}  // namespace

Result<std::unique_ptr<RotatingKeys>> RotatingKeys::open(RotatingKeysOptions options, Time now) {
  if (options.period.count() < 1 || options.life < options.period) {
    return fail(ErrorCode::kInternal,
                "keys '" + options.name + "': the life must not be shorter than the period");
  }
  std::unique_ptr<RotatingKeys> keys(new RotatingKeys(std::move(options)));
  CHECK_OK(keys->load(now));
  return keys;
}

Result<> RotatingKeys::load(Time now) {
  CHECK_OK(create_private_folder(options_.folder));
  TRY(const std::vector<fs::path> files, files_in(options_.folder));
  for (const fs::path& file : files) {
    const std::string file_name = file.filename().string();
    if (is_leftover(file_name, options_.name)) CHECK_OK(destroy_private_file(file));
    const std::optional<std::uint32_t> id = id_in(file_name, options_.name);
    if (!id) continue;
    TRY(Key key, read_key(file));
    keys_.insert_or_assign(*id, std::move(key));
  }
  destroy_expired(now);
  return {};
}

Result<RotatingKeys::Named> RotatingKeys::current(Time now) {
  const std::uint32_t id = period_of(now);
  if (std::optional<Key> known = find(id)) return Named{id, *std::move(known)};
  TRY(const Key made, create(id));
  return Named{id, made};
}

std::optional<Key> RotatingKeys::find(std::uint32_t id) const {
  const std::shared_lock lock(mutex_);
  const auto it = keys_.find(id);
  if (it == keys_.end()) return std::nullopt;
  return it->second;
}

Result<Key> RotatingKeys::create(std::uint32_t id) {
  // One at a time, but without mutex_: those who only read older keys need not wait for the disk.
  const std::lock_guard one_writer(files_mutex_);
  if (std::optional<Key> known = find(id)) return *std::move(known);
  Key fresh = Key::random();
  CHECK_OK(create_private_file(file_of(id), as_text(fresh.bytes())));
  const std::unique_lock lock(mutex_);
  keys_.insert_or_assign(id, fresh);
  return fresh;
}

std::size_t RotatingKeys::destroy_expired(Time now) {
  const std::lock_guard one_writer(files_mutex_);
  std::vector<std::uint32_t> over;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, key] : keys_) {
      if (is_over(id, options_, now)) over.push_back(id);
    }
  }
  // A file that can't be destroyed keeps its key known, so that the next call tries again.
  std::erase_if(over, [&](std::uint32_t id) { return !destroy_private_file(file_of(id)); });
  const std::unique_lock lock(mutex_);
  for (const std::uint32_t id : over) keys_.erase(id);
  return over.size();
}

std::uint32_t RotatingKeys::period_of(Time t) const {
  const std::int64_t periods = to_unix_ms(t) / std::chrono::milliseconds(options_.period).count();
  return static_cast<std::uint32_t>(std::max<std::int64_t>(periods, 0));
}

fs::path RotatingKeys::file_of(std::uint32_t id) const {
  return options_.folder / (options_.name + "-" + std::to_string(id) + std::string(kSuffix));
}

}  // namespace flowsell::crypto
