#include "sqlite_log_vfs.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>

#include "sqlite_connection.h"

namespace flowsell::store {

int LogBuffer::write(const char* data, std::size_t length, sqlite3_int64 offset) noexcept {
  if (failure_ != SQLITE_OK) return failure_;
  if (offset != end()) {
    if (const int code = flush(); code != SQLITE_OK) return code;
    start_ = offset;
  }
  while (length > 0) {
    const std::size_t taken = std::min(length, kBytesMax - size_);
    std::memcpy(bytes_.data() + size_, data, taken);
    size_ += taken;
    data += taken;
    length -= taken;
    if (size_ < kBytesMax) continue;
    if (const int code = flush(); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int LogBuffer::read(void* out, int length, sqlite3_int64 offset) noexcept {
  const bool is_before_it = offset + length <= start_;
  if (const int code = is_before_it ? SQLITE_OK : flush(); code != SQLITE_OK) {
    // SQLite may keep a transaction whose statement met a full disk; any other I/O error ends it.
    return (code & 0xff) == SQLITE_IOERR ? code : SQLITE_IOERR_WRITE;
  }
  return file_.pMethods->xRead(&file_, out, length, offset);
}

int LogBuffer::truncate(sqlite3_int64 length) noexcept {
  if (const int code = flush(); code != SQLITE_OK) return code;
  return file_.pMethods->xTruncate(&file_, length);
}

int LogBuffer::sync(int flags) noexcept {
  if (const int code = flush(); code != SQLITE_OK) return code;
  return file_.pMethods->xSync(&file_, flags);
}

int LogBuffer::file_size(sqlite3_int64& out) const noexcept {
  const int code = file_.pMethods->xFileSize(&file_, &out);
  if (code == SQLITE_OK && size_ > 0) out = std::max(out, end());
  return code;
}

int LogBuffer::flush() noexcept {
  if (failure_ != SQLITE_OK || size_ == 0) return failure_;
  failure_ = file_.pMethods->xWrite(&file_, bytes_.data(), static_cast<int>(size_), start_);
  if (failure_ == SQLITE_OK) start_ = end();
  size_ = 0;
  return failure_;
}

void LogBuffer::end_transaction() noexcept {
  size_ = 0;
  failure_ = SQLITE_OK;
}

namespace {

/// What SQLite holds for an open file; the base's own part follows it in memory.
struct OpenFile {
  sqlite3_file base;
  sqlite3_file* real;
  LogBuffer* log;      ///< a log owns its own; a database knows that of its connection, if open
  OpenFile* database;  ///< of a log
};
static_assert(sizeof(OpenFile) % alignof(std::max_align_t) == 0);

OpenFile& opened(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
sqlite3_file* real_of(sqlite3_file* file) { return opened(file).real; }
LogBuffer& log_of(sqlite3_file* file) { return *opened(file).log; }
sqlite3_vfs* real_of(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

// ---- the database file

int x_close(sqlite3_file* file) { return real_of(file)->pMethods->xClose(real_of(file)); }
int x_read(sqlite3_file* file, void* out, int length, sqlite3_int64 offset) {
  return real_of(file)->pMethods->xRead(real_of(file), out, length, offset);
}
int x_write(sqlite3_file* file, const void* data, int length, sqlite3_int64 offset) {
  return real_of(file)->pMethods->xWrite(real_of(file), data, length, offset);
}
int x_truncate(sqlite3_file* file, sqlite3_int64 length) {
  return real_of(file)->pMethods->xTruncate(real_of(file), length);
}
int x_sync(sqlite3_file* file, int flags) {
  return real_of(file)->pMethods->xSync(real_of(file), flags);
}
int x_file_size(sqlite3_file* file, sqlite3_int64* out) {
  return real_of(file)->pMethods->xFileSize(real_of(file), out);
}
int x_lock(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xLock(real_of(file), level);
}
int x_unlock(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
int x_check_reserved_lock(sqlite3_file* file, int* out) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}
int x_file_control(sqlite3_file* file, int op, void* arg) {
  return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}
int x_sector_size(sqlite3_file* file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}
int x_device_characteristics(sqlite3_file* file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
int x_shm_map(sqlite3_file* file, int region, int bytes, int extend, void volatile** out) {
  return real_of(file)->pMethods->xShmMap(real_of(file), region, bytes, extend, out);
}
void x_shm_barrier(sqlite3_file* file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }
int x_shm_unmap(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

/// WAL_WRITE_LOCK of https://www.sqlite.org/walformat.html, section 2.3.
constexpr int kWriteLock = 0;

int x_shm_lock(sqlite3_file* file, int first, int count, int flags) {
  // Held by each writing transaction from its first step to its end.
  const bool writer_lets_go = first == kWriteLock && (flags & SQLITE_SHM_UNLOCK) != 0 &&
                              (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  if (writer_lets_go && opened(file).log != nullptr) log_of(file).end_transaction();
  return real_of(file)->pMethods->xShmLock(real_of(file), first, count, flags);
}

constexpr sqlite3_io_methods database_methods(int version) {
  return {
      .iVersion = version,
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
      .xFetch = nullptr,  // of version 3, which maps files: that is off
      .xUnfetch = nullptr,
  };
}
constexpr sqlite3_io_methods kDatabaseMethods = database_methods(2);
constexpr sqlite3_io_methods kDatabaseMethodsWithoutShm = database_methods(1);

// ---- the log

int log_close(sqlite3_file* file) {
  OpenFile& open = opened(file);
  const int flushed = open.log->flush();
  delete open.log;
  open.database->log = nullptr;
  const int closed = x_close(file);
  return flushed != SQLITE_OK ? flushed : closed;
}
int log_read(sqlite3_file* file, void* out, int length, sqlite3_int64 offset) {
  return log_of(file).read(out, length, offset);
}
int log_write(sqlite3_file* file, const void* data, int length, sqlite3_int64 offset) {
  return log_of(file).write(static_cast<const char*>(data), static_cast<std::size_t>(length),
                            offset);
}
int log_truncate(sqlite3_file* file, sqlite3_int64 length) { return log_of(file).truncate(length); }
int log_sync(sqlite3_file* file, int flags) { return log_of(file).sync(flags); }
int log_file_size(sqlite3_file* file, sqlite3_int64* out) { return log_of(file).file_size(*out); }
int log_file_control(sqlite3_file* file, int op, void* arg) {
  if (const int code = log_of(file).flush(); code != SQLITE_OK) return code;
  return x_file_control(file, op, arg);
}

constexpr sqlite3_io_methods log_methods() {
  sqlite3_io_methods methods = database_methods(1);
  methods.xClose = log_close;
  methods.xRead = log_read;
  methods.xWrite = log_write;
  methods.xTruncate = log_truncate;
  methods.xSync = log_sync;
  methods.xFileSize = log_file_size;
  methods.xFileControl = log_file_control;
  return methods;
}
constexpr sqlite3_io_methods kLogMethods = log_methods();

// ---- the file system

int open_real(sqlite3_vfs* vfs, const char* path, OpenFile& open, int flags, int* out_flags) {
  open.real = reinterpret_cast<sqlite3_file*>(&open + 1);
  open.real->pMethods = nullptr;
  const int code = real_of(vfs)->xOpen(real_of(vfs), path, open.real, flags, out_flags);
  // SQLite's rule: even a failed xOpen is followed by xClose if it has set the methods.
  if (code != SQLITE_OK && open.real->pMethods != nullptr) x_close(&open.base);
  return code;
}

int open_database(sqlite3_vfs* vfs, const char* path, OpenFile& open, int flags, int* out_flags) {
  const int code = open_real(vfs, path, open, flags, out_flags);
  if (code != SQLITE_OK) return code;
  const bool has_shm = open.real->pMethods->iVersion >= 2;
  open.base.pMethods = has_shm ? &kDatabaseMethods : &kDatabaseMethodsWithoutShm;
  return SQLITE_OK;
}

int open_log(sqlite3_vfs* vfs, const char* path, OpenFile& open, int flags, int* out_flags) {
  const int code = open_real(vfs, path, open, flags, out_flags);
  if (code != SQLITE_OK) return code;
  open.log = new (std::nothrow) LogBuffer(*open.real);
  if (open.log == nullptr) {
    x_close(&open.base);
    return SQLITE_NOMEM;
  }
  open.database = &opened(sqlite3_database_file_object(path));
  open.database->log = open.log;
  open.base.pMethods = &kLogMethods;
  return SQLITE_OK;
}

int x_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  const bool is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  const bool is_log = (flags & SQLITE_OPEN_WAL) != 0;
  if (!is_database && !is_log) {
    return real_of(vfs)->xOpen(real_of(vfs), path, file, flags, out_flags);
  }
  auto& open = *new (file) OpenFile{};
  return is_log ? open_log(vfs, path, open, flags, out_flags)
                : open_database(vfs, path, open, flags, out_flags);
}
int x_delete(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  return real_of(vfs)->xDelete(real_of(vfs), path, sync_folder);
}
int x_access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  return real_of(vfs)->xAccess(real_of(vfs), path, flags, out);
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
  static std::atomic<std::uint64_t> count{0};
  return "flowsell-log-" + std::to_string(++count);
}

}  // namespace

SqliteLogVfs::SqliteLogVfs(sqlite3_vfs& base) : name_(unique_name()) {
  vfs_.iVersion = std::min(base.iVersion, 2);
  vfs_.szOsFile = static_cast<int>(sizeof(OpenFile)) + base.szOsFile;
  vfs_.mxPathname = base.mxPathname;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = &base;
  vfs_.xOpen = x_open;
  vfs_.xDelete = x_delete;
  vfs_.xAccess = x_access;
  vfs_.xFullPathname = x_full_pathname;
  vfs_.xRandomness = x_randomness;
  vfs_.xSleep = x_sleep;
  vfs_.xCurrentTime = x_current_time;
  vfs_.xGetLastError = x_get_last_error;
  vfs_.xCurrentTimeInt64 = x_current_time_int64;
}

SqliteLogVfs::~SqliteLogVfs() { sqlite3_vfs_unregister(&vfs_); }

Result<std::unique_ptr<SqliteLogVfs>> SqliteLogVfs::over(const std::string& base) {
  sqlite3_vfs* found = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
  if (found == nullptr) return fail(ErrorCode::kInternal, "SQLite: no such file system: " + base);
  std::unique_ptr<SqliteLogVfs> vfs(new SqliteLogVfs(*found));
  const int code = sqlite3_vfs_register(&vfs->vfs_, 0);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(code, nullptr));
  return vfs;
}

}  // namespace flowsell::store
