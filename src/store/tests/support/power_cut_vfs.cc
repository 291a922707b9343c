#include "power_cut_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace flowsell::store {
namespace {

constexpr std::size_t kSectorBytes = 512;

void put(std::vector<char>& bytes, std::size_t offset, std::span<const char> data) {
  if (bytes.size() < offset + data.size()) bytes.resize(offset + data.size());
  std::ranges::copy(data, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

/// A write or a truncation that has not been synced.
struct Pending {
  bool is_truncation;
  std::size_t offset;  ///< for a truncation: the new length
  std::vector<char> data;
};

struct File {
  std::vector<char> seen;     ///< what a read gives
  std::vector<char> on_disk;  ///< as of the last sync
  std::vector<Pending> pending;

  void write(std::size_t offset, std::span<const char> data) {
    put(seen, offset, data);
    pending.push_back({false, offset, {data.begin(), data.end()}});
  }
  void truncate(std::size_t length) {
    seen.resize(length);
    pending.push_back({true, length, {}});
  }
  void sync() {
    replay_pending(on_disk, [] { return true; });
    pending.clear();
  }
  /// `happened` is asked once for each sector and each change of length.
  template <class Happened>
  void replay_pending(std::vector<char>& bytes, Happened happened) const {
    for (const Pending& change : pending) {
      if (!change.is_truncation) {
        apply_write(change, bytes, happened);
      } else if (happened()) {
        bytes.resize(change.offset);
      }
    }
  }
  template <class Happened>
  static void apply_write(const Pending& write, std::vector<char>& bytes, Happened& happened) {
    for (std::size_t done = 0; done < write.data.size();) {
      const std::size_t at = write.offset + done;
      const std::size_t to_sector_end = kSectorBytes - at % kSectorBytes;
      const std::size_t length = std::min(to_sector_end, write.data.size() - done);
      if (happened()) put(bytes, at, std::span(write.data).subspan(done, length));
      done += length;
    }
  }
};

}  // namespace

/// All files of one disk. SQLite's calls end here.
class PowerCutVfs::Disk {
 public:
  explicit Disk(Options options) : options_(options), random_(options.seed) {}

  using FilePtr = std::shared_ptr<File>;  // shared: an open file outlives its name

  FilePtr open(const std::string& path) {
    const std::lock_guard lock(mutex_);
    FilePtr& file = files_[path];
    if (!file) file = std::make_shared<File>();
    return file;
  }
  bool exists(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(path);
    return found != files_.end() &&
           !found->second->seen.empty();  // as SQLite's own: an empty file counts for none
  }
  int remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (!step()) return SQLITE_IOERR_DELETE;
    files_.erase(path);
    return SQLITE_OK;
  }
  int write(File& file, std::size_t offset, std::span<const char> data) {
    const std::lock_guard lock(mutex_);
    if (is_cut_) return SQLITE_IOERR_WRITE;
    if (writes_to_fail_ > 0) {
      --writes_to_fail_;
      return SQLITE_FULL;
    }
    ++writes_;
    file.write(offset,
               data);  // before the step: the write at which the power fails may be half done
    return step() ? SQLITE_OK : SQLITE_IOERR_WRITE;
  }
  int truncate(File& file, std::size_t length) {
    const std::lock_guard lock(mutex_);
    if (is_cut_) return SQLITE_IOERR_TRUNCATE;
    file.truncate(length);
    return step() ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
  }
  int sync(File& file) {
    const std::lock_guard lock(mutex_);
    if (!step()) return SQLITE_IOERR_FSYNC;
    if (syncs_to_fail_ > 0) {
      --syncs_to_fail_;
      return SQLITE_IOERR_FSYNC;
    }
    if (options_.sync == Sync::kHonest) file.sync();
    return SQLITE_OK;
  }
  int read(const File& file, std::size_t offset, std::span<char> out) const {
    const std::lock_guard lock(mutex_);
    if (is_cut_) return SQLITE_IOERR_READ;
    const std::size_t there =
        offset < file.seen.size() ? std::min(out.size(), file.seen.size() - offset) : 0;
    std::copy_n(file.seen.data() + std::min(offset, file.seen.size()), there, out.data());
    std::ranges::fill(out.subspan(there), '\0');
    return there == out.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  std::size_t size(const File& file) const {
    const std::lock_guard lock(mutex_);
    return file.seen.size();
  }

  void cut_at_step(std::uint64_t step) {
    const std::lock_guard lock(mutex_);
    cut_at_ = steps_ + std::max<std::uint64_t>(step, 1);
  }
  void cut_now() {
    const std::lock_guard lock(mutex_);
    cut();
  }
  bool is_cut() const {
    const std::lock_guard lock(mutex_);
    return is_cut_;
  }
  void on_cut(std::function<void()> fn) {
    const std::lock_guard lock(mutex_);
    on_cut_ = std::move(fn);
  }
  void restore_power() {
    const std::lock_guard lock(mutex_);
    if (!is_cut_) return;
    files_.clear();
    for (const auto& [path, bytes] : survivors_) {
      files_[path] = std::make_shared<File>(File{.seen = bytes, .on_disk = bytes, .pending = {}});
    }
    survivors_.clear();
    cut_at_ = std::numeric_limits<std::uint64_t>::max();
    syncs_to_fail_ = 0;
    writes_to_fail_ = 0;
    is_cut_ = false;
  }
  std::uint64_t steps() const {
    const std::lock_guard lock(mutex_);
    return steps_;
  }
  void fail_syncs(std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    syncs_to_fail_ = count;
  }
  void fail_writes(std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    writes_to_fail_ = count;
  }
  std::uint64_t writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  bool write_survivors(const std::filesystem::path& folder) const {
    const std::lock_guard lock(mutex_);
    bool good = true;
    for (const auto& [path, bytes] : survivors_) {
      std::ofstream out(folder / std::filesystem::path(path).filename(), std::ios::binary);
      out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      good = good && out.flush().good();
    }
    return good;
  }

  sqlite3_vfs vfs{};
  std::string name;
  sqlite3_vfs* real = nullptr;

 private:
  /// Counts one step; false when there is no power.
  bool step() {
    if (is_cut_) return false;
    if (++steps_ >= cut_at_) cut();
    return !is_cut_;
  }
  void cut() {
    if (is_cut_) return;
    is_cut_ = true;
    // All, nothing and every share between: each finds other faults.
    const double share = std::clamp(std::uniform_real_distribution(-0.2, 1.2)(random_), 0.0, 1.0);
    std::bernoulli_distribution happened(share);
    for (const auto& [path, file] : files_) {
      std::vector<char>& bytes = survivors_[path] = file->on_disk;
      file->replay_pending(bytes, [&] { return happened(random_); });
    }
    if (auto fn = std::exchange(on_cut_, nullptr)) fn();
  }

  const Options options_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, FilePtr> files_;
  std::map<std::string, std::vector<char>> survivors_;
  std::uint64_t steps_ = 0;
  std::uint64_t cut_at_ = std::numeric_limits<std::uint64_t>::max();
  bool is_cut_ = false;
  std::function<void()> on_cut_;
  std::uint64_t syncs_to_fail_ = 0;
  std::uint64_t writes_to_fail_ = 0;
  std::uint64_t writes_ = 0;
};

namespace {

using Disk = PowerCutVfs::Disk;

/// What SQLite holds for an open file. The real file behind a database, empty for ever, serves its
/// locks and its shared memory; it follows this struct in memory. Other files have none.
struct OpenFile {
  sqlite3_file base;
  Disk* disk;
  Disk::FilePtr* file;
  sqlite3_file* real;
};

OpenFile& opened(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
sqlite3_file* real_of(sqlite3_file* file) { return opened(file).real; }
Disk& disk_of(sqlite3_vfs* vfs) { return *static_cast<Disk*>(vfs->pAppData); }
sqlite3_vfs* real_of(sqlite3_vfs* vfs) { return disk_of(vfs).real; }

int x_close(sqlite3_file* file) {
  OpenFile& open = opened(file);
  delete open.file;
  if (open.real != nullptr && open.real->pMethods != nullptr)
    open.real->pMethods->xClose(open.real);
  return SQLITE_OK;
}
int x_read(sqlite3_file* file, void* out, int length, sqlite3_int64 offset) {
  const OpenFile& open = opened(file);
  return open.disk->read(**open.file, static_cast<std::size_t>(offset),
                         {static_cast<char*>(out), static_cast<std::size_t>(length)});
}
int x_write(sqlite3_file* file, const void* data, int length, sqlite3_int64 offset) {
  const OpenFile& open = opened(file);
  return open.disk->write(**open.file, static_cast<std::size_t>(offset),
                          {static_cast<const char*>(data), static_cast<std::size_t>(length)});
}
int x_truncate(sqlite3_file* file, sqlite3_int64 length) {
  const OpenFile& open = opened(file);
  return open.disk->truncate(**open.file, static_cast<std::size_t>(length));
}
int x_sync(sqlite3_file* file, int /*flags*/) {
  const OpenFile& open = opened(file);
  return open.disk->sync(**open.file);
}
int x_file_size(sqlite3_file* file, sqlite3_int64* length) {
  const OpenFile& open = opened(file);
  *length = static_cast<sqlite3_int64>(open.disk->size(**open.file));
  return SQLITE_OK;
}
int x_lock(sqlite3_file* file, int level) {
  sqlite3_file* real = real_of(file);
  return real == nullptr ? SQLITE_OK : real->pMethods->xLock(real, level);
}
int x_unlock(sqlite3_file* file, int level) {
  sqlite3_file* real = real_of(file);
  return real == nullptr ? SQLITE_OK : real->pMethods->xUnlock(real, level);
}
int x_check_reserved_lock(sqlite3_file* file, int* out) {
  sqlite3_file* real = real_of(file);
  *out = 0;
  return real == nullptr ? SQLITE_OK : real->pMethods->xCheckReservedLock(real, out);
}
// Nothing is passed on: hints about sizes and mapping would reach the empty file.
int x_file_control(sqlite3_file* /*file*/, int /*op*/, void* /*arg*/) { return SQLITE_NOTFOUND; }
int x_sector_size(sqlite3_file* /*file*/) { return static_cast<int>(kSectorBytes); }
// As SQLite assumes of every disk since 3.7.10: a write spoils no byte beside those it writes.
int x_device_characteristics(sqlite3_file* /*file*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }
int x_shm_map(sqlite3_file* file, int region, int bytes, int extend, void volatile** out) {
  sqlite3_file* real = real_of(file);
  return real->pMethods->xShmMap(real, region, bytes, extend, out);
}
int x_shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  sqlite3_file* real = real_of(file);
  return real->pMethods->xShmLock(real, offset, count, flags);
}
void x_shm_barrier(sqlite3_file* file) {
  sqlite3_file* real = real_of(file);
  real->pMethods->xShmBarrier(real);
}
int x_shm_unmap(sqlite3_file* file, int remove) {
  sqlite3_file* real = real_of(file);
  return real->pMethods->xShmUnmap(real, remove);
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_file_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_check_reserved_lock,
    .xFileControl = x_file_control,
    .xSectorSize = x_sector_size,
    .xDeviceCharacteristics = x_device_characteristics,
    .xShmMap = x_shm_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_shm_barrier,
    .xShmUnmap = x_shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_real(sqlite3_vfs* vfs, const char* path, OpenFile& open, int flags, int* out_flags) {
  open.real = reinterpret_cast<sqlite3_file*>(&open + 1);
  open.real->pMethods = nullptr;
  return real_of(vfs)->xOpen(real_of(vfs), path, open.real, flags, out_flags);
}

int x_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto& open = *new (file) OpenFile{};
  if (out_flags != nullptr) *out_flags = flags;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    const int code = open_real(vfs, path, open, flags, out_flags);
    if (code != SQLITE_OK) return code;
  }
  open.disk = &disk_of(vfs);
  // A file without a name is a temporary one: it lives in memory, and the cut forgets it.
  open.file = new Disk::FilePtr(path == nullptr ? std::make_shared<File>() : open.disk->open(path));
  open.base.pMethods = &kMethods;
  return SQLITE_OK;
}
int x_delete(sqlite3_vfs* vfs, const char* path, int /*sync_folder*/) {
  return disk_of(vfs).remove(path);
}
int x_access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  *out = flags == SQLITE_ACCESS_EXISTS ? disk_of(vfs).exists(path) : 1;
  return SQLITE_OK;
}
int x_full_pathname(sqlite3_vfs* vfs, const char* path, int length, char* out) {
  return real_of(vfs)->xFullPathname(real_of(vfs), path, length, out);
}
int x_randomness(sqlite3_vfs* vfs, int length, char* out) {
  return real_of(vfs)->xRandomness(real_of(vfs), length, out);
}
int x_sleep(sqlite3_vfs* vfs, int microseconds) {
  return real_of(vfs)->xSleep(real_of(vfs), microseconds);
}
int x_current_time(sqlite3_vfs* vfs, double* out) {
  return real_of(vfs)->xCurrentTime(real_of(vfs), out);
}
int x_get_last_error(sqlite3_vfs* vfs, int length, char* out) {
  return real_of(vfs)->xGetLastError(real_of(vfs), length, out);
}
int x_current_time_int64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  return real_of(vfs)->xCurrentTimeInt64(real_of(vfs), out);
}

std::string unique_name() {
  static std::atomic<int> count{0};
  return "power-cut-" + std::to_string(++count);
}

void fill_in(Disk& disk) {
  disk.real = sqlite3_vfs_find(nullptr);
  disk.name = unique_name();
  sqlite3_vfs& vfs = disk.vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(sizeof(OpenFile)) + disk.real->szOsFile;
  vfs.mxPathname = disk.real->mxPathname;
  vfs.zName = disk.name.c_str();
  vfs.pAppData = &disk;
  vfs.xOpen = x_open;
  vfs.xDelete = x_delete;
  vfs.xAccess = x_access;
  vfs.xFullPathname = x_full_pathname;
  vfs.xRandomness = x_randomness;
  vfs.xSleep = x_sleep;
  vfs.xCurrentTime = x_current_time;
  vfs.xGetLastError = x_get_last_error;
  vfs.xCurrentTimeInt64 = x_current_time_int64;
}

}  // namespace

PowerCutVfs::PowerCutVfs(Options options) : disk_(std::make_unique<Disk>(options)) {
  sqlite3_initialize();
  fill_in(*disk_);
  sqlite3_vfs_register(&disk_->vfs, 0);
}

PowerCutVfs::~PowerCutVfs() { sqlite3_vfs_unregister(&disk_->vfs); }

const std::string& PowerCutVfs::name() const noexcept { return disk_->name; }
void PowerCutVfs::cut_at_step(std::uint64_t step) { disk_->cut_at_step(step); }
void PowerCutVfs::cut_now() { disk_->cut_now(); }
bool PowerCutVfs::is_cut() const { return disk_->is_cut(); }
void PowerCutVfs::on_cut(std::function<void()> fn) { disk_->on_cut(std::move(fn)); }
void PowerCutVfs::restore_power() { disk_->restore_power(); }
std::uint64_t PowerCutVfs::steps() const { return disk_->steps(); }
void PowerCutVfs::fail_syncs(std::uint64_t count) { disk_->fail_syncs(count); }
void PowerCutVfs::fail_writes(std::uint64_t count) { disk_->fail_writes(count); }
std::uint64_t PowerCutVfs::writes() const { return disk_->writes(); }
bool PowerCutVfs::write_survivors(const std::string& folder) const {
  return disk_->write_survivors(folder);
}

}  // namespace flowsell::store
