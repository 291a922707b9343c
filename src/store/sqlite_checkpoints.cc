#include "sqlite_checkpoints.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "telemetry/log.h"

namespace flowsell::store {
namespace {

/// Pages that the writer copies itself: some milliseconds. With more left, the thread makes another
/// round.
constexpr int kTailPages = 1000;
/// At so many times the planned size the writer stops to empty the log, whatever that costs: the
/// disk is finite.
constexpr int kHardFactor = 4;
/// How long commits wait then: for the thread, which makes them no faster than the disk, and for
/// readers of the log.
constexpr std::chrono::seconds kWaitForThread{2};
constexpr int kWaitForReadersMs = 50;

struct Progress {
  int code = SQLITE_OK;
  int in_log = 0;
  int copied = 0;
};

Progress checkpoint(sqlite3* db, int mode) {
  Progress progress;
  progress.code = sqlite3_wal_checkpoint_v2(db, "main", mode, &progress.in_log, &progress.copied);
  return progress;
}

}  // namespace

SqliteCheckpoints::SqliteCheckpoints(std::unique_ptr<SqliteConnection> own,
                                     SqliteConnection& writer, std::size_t log_pages)
    : own_(std::move(own)),
      writer_(writer),
      log_pages_(static_cast<int>(std::clamp<std::size_t>(log_pages, 16, 1 << 20))),
      log_pages_hard_(log_pages_ * kHardFactor),
      next_at_(log_pages_),
      force_at_(log_pages_hard_),
      thread_([this] { run(); }) {
  sqlite3_wal_hook(writer_.handle(), &SqliteCheckpoints::on_commit, this);
}

SqliteCheckpoints::~SqliteCheckpoints() { stop(); }

int SqliteCheckpoints::on_commit(void* self, sqlite3* /*db*/, const char* /*schema*/,
                                 int pages_in_log) {
  auto& me = *static_cast<SqliteCheckpoints*>(self);
  if (pages_in_log < me.pages_in_log_) me.log_started_over();
  me.pages_in_log_ = pages_in_log;
  return SQLITE_OK;
}

void SqliteCheckpoints::log_started_over() {
  plan_next(0);
  const std::lock_guard lock(mutex_);
  ++log_number_;
  if (phase_ != Phase::kCopying) phase_ = Phase::kIdle;
}

void SqliteCheckpoints::between_batches() {
  if (pages_in_log_ < next_at_) return;
  if (pages_in_log_ >= force_at_) return force();
  switch (seen_phase()) {
    case Phase::kCopying:
      return;
    case Phase::kFailed:
      set_phase(Phase::kIdle);
      return plan_next(pages_in_log_);  // the thread tries again then, not after each batch
    case Phase::kCopied:
      return finish();
    case Phase::kIdle:
      return start_copying();
  }
}

/// The thread's phase; a copy that left much to do counts for none.
SqliteCheckpoints::Phase SqliteCheckpoints::seen_phase() {
  const std::lock_guard lock(mutex_);
  const int times_planned = std::max(pages_in_log_ / log_pages_, 1);
  const bool much_is_left =
      pages_in_log_ - pages_copied_ > kTailPages * times_planned * times_planned;
  return phase_ == Phase::kCopied && much_is_left ? Phase::kIdle : phase_;
}

void SqliteCheckpoints::set_phase(Phase phase) {
  const std::lock_guard lock(mutex_);
  phase_ = phase;
}

void SqliteCheckpoints::start_copying() {
  set_phase(Phase::kCopying);
  changed_.notify_one();
}

void SqliteCheckpoints::finish() {
  const Progress progress = checkpoint(writer_.handle(), SQLITE_CHECKPOINT_PASSIVE);
  set_phase(Phase::kIdle);
  if (progress.code != SQLITE_OK) {
    log::warn("a checkpoint of the database failed", {{"code", progress.code}});
  }
  // The next transaction starts the log over, unless a reader still looks at it: then we come back
  // a little later.
  plan_next(pages_in_log_);
}

void SqliteCheckpoints::force() {
  if (!wait_for_thread()) return;
  sqlite3_busy_timeout(writer_.handle(), kWaitForReadersMs);
  const Progress progress = checkpoint(writer_.handle(), SQLITE_CHECKPOINT_RESTART);
  sqlite3_busy_timeout(writer_.handle(), SqliteConnection::kBusyTimeoutMs);
  set_phase(Phase::kIdle);
  if (progress.code != SQLITE_OK) {
    log::warn("the database's log can't be emptied",
              {{"code", progress.code}, {"pages", pages_in_log_}});
  }
  plan_next(pages_in_log_);
  force_at_ = pages_in_log_ + log_pages_hard_ / 2;
}

Result<> SqliteCheckpoints::empty_log() {
  if (!wait_for_thread())
    return fail(ErrorCode::kStoreUnavailable, "a checkpoint of the database is under way");
  const Progress progress = checkpoint(writer_.handle(), SQLITE_CHECKPOINT_TRUNCATE);
  set_phase(Phase::kIdle);
  if (progress.code != SQLITE_OK)
    return std::unexpected(sqlite_error(progress.code, writer_.handle()));
  pages_in_log_ = 0;
  log_started_over();
  return {};
}

bool SqliteCheckpoints::wait_for_thread() {
  std::unique_lock lock(mutex_);
  const auto has_ended = [this] { return phase_ != Phase::kCopying; };
  if (changed_.wait_for(lock, kWaitForThread, has_ended)) return true;
  log::warn("a checkpoint of the database takes long", {{"pages", pages_in_log_}});
  return false;
}

void SqliteCheckpoints::plan_next(int pages_in_log) {
  next_at_ = std::max(log_pages_, pages_in_log + log_pages_ / 4);
  if (pages_in_log == 0) force_at_ = log_pages_hard_;
}

void SqliteCheckpoints::run() {
  while (const auto log_number = wait_for_copying()) {
    const Progress progress = checkpoint(own_->handle(), SQLITE_CHECKPOINT_PASSIVE);
    const bool failed = progress.code != SQLITE_OK && progress.code != SQLITE_BUSY;
    if (failed) log::warn("a checkpoint of the database failed", {{"code", progress.code}});

    const std::lock_guard lock(mutex_);
    pages_copied_ = std::max(progress.copied, 0);
    // A log that has started over meanwhile holds nothing of what was copied.
    phase_ = failed ? Phase::kFailed : *log_number == log_number_ ? Phase::kCopied : Phase::kIdle;
    changed_.notify_one();
  }
}

std::optional<std::uint64_t> SqliteCheckpoints::wait_for_copying() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return phase_ == Phase::kCopying || stopping_; });
  if (stopping_) return std::nullopt;
  return log_number_;
}

void SqliteCheckpoints::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (!thread_.joinable()) return;
  thread_.join();
  sqlite3_wal_hook(writer_.handle(), nullptr, nullptr);
  own_.reset();
}

}  // namespace flowsell::store
