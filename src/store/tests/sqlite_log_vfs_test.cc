#include "sqlite_log_vfs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "item_ops.h"
#include "power_cut_vfs.h"
#include "store/sqlite.h"
#include "temp_folder.h"

namespace flowsell::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kForEver = std::numeric_limits<std::uint64_t>::max();

// ---- the buffer alone

/// A file in memory that remembers the length of each write and can fail.
struct FakeFile {
  FakeFile() { base.pMethods = &methods(); }

  sqlite3_file base{};
  std::string bytes;
  std::vector<int> writes;
  int syncs = 0;
  int write_code = SQLITE_OK;

 private:
  static FakeFile& self(sqlite3_file* file) { return *reinterpret_cast<FakeFile*>(file); }
  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods methods = [] {
      sqlite3_io_methods made{};
      made.iVersion = 1;
      made.xRead = read;
      made.xWrite = write;
      made.xTruncate = truncate;
      made.xSync = sync;
      made.xFileSize = file_size;
      return made;
    }();
    return methods;
  }
  static int read(sqlite3_file* file, void* out, int length, sqlite3_int64 offset) {
    const std::string& bytes = self(file).bytes;
    const auto at = static_cast<std::size_t>(offset), wanted = static_cast<std::size_t>(length);
    if (at + wanted > bytes.size()) return SQLITE_IOERR_SHORT_READ;
    std::copy_n(bytes.data() + at, wanted, static_cast<char*>(out));
    return SQLITE_OK;
  }
  static int write(sqlite3_file* file, const void* data, int length, sqlite3_int64 offset) {
    FakeFile& me = self(file);
    if (me.write_code != SQLITE_OK) return me.write_code;
    me.writes.push_back(length);
    const auto at = static_cast<std::size_t>(offset), size = static_cast<std::size_t>(length);
    me.bytes.resize(std::max(me.bytes.size(), at + size), '.');
    me.bytes.replace(at, size, static_cast<const char*>(data), size);
    return SQLITE_OK;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 length) {
    self(file).bytes.resize(static_cast<std::size_t>(length));
    return SQLITE_OK;
  }
  static int sync(sqlite3_file* file, int /*flags*/) {
    ++self(file).syncs;
    return SQLITE_OK;
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* out) {
    *out = static_cast<sqlite3_int64>(self(file).bytes.size());
    return SQLITE_OK;
  }
};

class LogBufferTest : public testing::Test {
 protected:
  int write(const std::string& data, sqlite3_int64 offset) {
    return buffer_.write(data.data(), data.size(), offset);
  }
  int read(int length, sqlite3_int64 offset) { return buffer_.read(out_, length, offset); }
  int sync() { return buffer_.sync(SQLITE_SYNC_NORMAL); }

  FakeFile file_;
  LogBuffer buffer_{file_.base};
  char out_[16]{};
};

TEST_F(LogBufferTest, ConsecutiveWritesReachTheFileAsOne) {
  write("ab", 0);
  write("cde", 2);
  sync();
  EXPECT_THAT(file_.writes, ElementsAre(5));
}

TEST_F(LogBufferTest, JoinedBytesAreThoseThatWereWritten) {
  write("ab", 1);
  write("cde", 3);
  sync();
  EXPECT_EQ(file_.bytes, ".abcde");
}

TEST_F(LogBufferTest, WriteElsewhereIsOneOfItsOwn) {
  write("ab", 0);
  write("cd", 3);
  sync();
  EXPECT_THAT(file_.writes, ElementsAre(2, 2));
}

TEST_F(LogBufferTest, LaterWriteOfTheSameBytesWins) {
  write("abc", 0);
  write("X", 1);
  sync();
  EXPECT_EQ(file_.bytes, "aXc");
}

TEST_F(LogBufferTest, NothingIsWrittenBeforeItMustBe) {
  write("ab", 0);
  EXPECT_THAT(file_.writes, IsEmpty());
}

TEST_F(LogBufferTest, OneByteLessThanTheBoundWaits) {
  write(std::string(LogBuffer::kBytesMax - 1, 'x'), 0);
  EXPECT_THAT(file_.writes, IsEmpty());
}

TEST_F(LogBufferTest, FullBufferIsWritten) {
  write(std::string(LogBuffer::kBytesMax, 'x'), 0);
  EXPECT_THAT(file_.writes, ElementsAre(static_cast<int>(LogBuffer::kBytesMax)));
}

TEST_F(LogBufferTest, NoWriteIsLargerThanTheBound) {
  write(std::string(2 * LogBuffer::kBytesMax + 1, 'x'), 0);
  sync();
  const int most = static_cast<int>(LogBuffer::kBytesMax);
  EXPECT_THAT(file_.writes, ElementsAre(most, most, 1));
}

TEST_F(LogBufferTest, SyncReachesTheFile) {
  sync();
  EXPECT_EQ(file_.syncs, 1);
}

TEST_F(LogBufferTest, ReadSeesWhatWasWritten) {
  write("abcd", 0);
  read(2, 1);
  EXPECT_EQ(std::string(out_, 2), "bc");
}

TEST_F(LogBufferTest, ReadThatEndsBeforeTheBufferWritesNothing) {
  file_.bytes = "0123";
  write("ab", 4);
  read(4, 0);
  EXPECT_THAT(file_.writes, IsEmpty());
}

TEST_F(LogBufferTest, ReadOfTheFirstByteOfTheBufferWritesIt) {
  file_.bytes = "0123";
  write("ab", 4);
  read(4, 1);
  EXPECT_EQ(std::string(out_, 4), "123a");
}

TEST_F(LogBufferTest, FileSizeCountsWhatWaits) {
  write("abc", 5);
  sqlite3_int64 size = 0;
  buffer_.file_size(size);
  EXPECT_EQ(size, 8);
}

TEST_F(LogBufferTest, FileSizeOfALongerFileStays) {
  file_.bytes = "0123456789";
  write("abc", 5);
  sqlite3_int64 size = 0;
  buffer_.file_size(size);
  EXPECT_EQ(size, 10);
}

TEST_F(LogBufferTest, TruncationComesAfterWhatWaits) {
  write("abcd", 0);
  buffer_.truncate(2);
  sync();
  EXPECT_EQ(file_.bytes, "ab");
}

TEST_F(LogBufferTest, FailedWriteFailsTheSync) {
  write("ab", 0);
  file_.write_code = SQLITE_FULL;
  EXPECT_EQ(sync(), SQLITE_FULL);
}

TEST_F(LogBufferTest, FailedWriteIsNotSynced) {
  write("ab", 0);
  file_.write_code = SQLITE_FULL;
  sync();
  EXPECT_EQ(file_.syncs, 0);
}

class LogBufferAfterALoss : public LogBufferTest {
 protected:
  void SetUp() override {
    file_.bytes = "0123";
    write("ab", 4);
    file_.write_code = SQLITE_FULL;
    buffer_.flush();
    file_.write_code = SQLITE_OK;
  }
};

TEST_F(LogBufferAfterALoss, SyncFails) { EXPECT_EQ(sync(), SQLITE_FULL); }

TEST_F(LogBufferAfterALoss, EachFurtherSyncFails) {
  sync();
  EXPECT_EQ(sync(), SQLITE_FULL);
}

TEST_F(LogBufferAfterALoss, WriteFails) { EXPECT_EQ(write("cd", 6), SQLITE_FULL); }

TEST_F(LogBufferAfterALoss, TruncationFails) { EXPECT_EQ(buffer_.truncate(0), SQLITE_FULL); }

TEST_F(LogBufferAfterALoss, ReadOfItFailsSoThatTheTransactionEnds) {
  EXPECT_EQ(read(1, 4), SQLITE_IOERR_WRITE);
}

TEST_F(LogBufferAfterALoss, ReadBeforeItWorks) { EXPECT_EQ(read(4, 0), SQLITE_OK); }

TEST_F(LogBufferAfterALoss, TheNextTransactionWorks) {
  buffer_.end_transaction();
  write("cd", 4);
  sync();
  EXPECT_EQ(file_.bytes, "0123cd");
}

TEST_F(LogBufferTest, WhatWasRolledBackIsNotWritten) {
  write("ab", 0);
  buffer_.end_transaction();
  sync();
  EXPECT_THAT(file_.writes, IsEmpty());
}

// ---- below SQLite

class SqliteLog : public testing::Test {
 protected:
  std::unique_ptr<Database> open_on(const PowerCutVfs& disk) {
    return open_items({.path = path(), .vfs = disk.name()});
  }
  static std::unique_ptr<Database> open_items(SqliteOptions options) {
    auto db = open_sqlite(options);
    if (!db || !(*db)->migrate(kItemMigrations)) return nullptr;
    return *std::move(db);
  }
  std::string path() const { return folder_.file("test.db"); }
  TempFolder folder_;
};

constexpr Sql kIntegrity("PRAGMA integrity_check");
constexpr Sql kCountItems("SELECT count(*) FROM item");
constexpr Sql kCountKeys("SELECT count(*) FROM item_key");

/// The first number of the answer; nullopt: the query failed.
std::optional<std::int64_t> first_of(Connection& db, const Sql& sql) {
  const auto found = integers(db, sql);
  return found ? std::optional(found->at(0)) : std::nullopt;
}

bool is_sound(Database& db) {
  bool sound = false;
  (void)db.read_now([&](Connection& connection) {
    (void)connection.query(kIntegrity, {}, [&](const Row& row) { sound = row.text(0) == "ok"; });
  });
  return sound;
}

std::optional<ErrorCode> code_of(const Result<>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

TEST_F(SqliteLog, UnknownFileSystemIsRefused) {
  const auto opened = open_sqlite({.path = path(), .vfs = "no such one"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInternal);
}

TEST_F(SqliteLog, CommitOfSeveralPagesIsOneWrite) {
  PowerCutVfs disk({});
  const auto db = open_on(disk);
  const auto writes_before = disk.writes();
  InsertItem op(1);
  ASSERT_TRUE(db->commit_now(op));
  EXPECT_EQ(disk.writes() - writes_before, 1U);
}

TEST_F(SqliteLog, CommitOfSeveralPagesIsOneWriteAndOneSync) {
  PowerCutVfs disk({});
  const auto db = open_on(disk);
  const auto steps_before = disk.steps();
  InsertItem op(1);
  ASSERT_TRUE(db->commit_now(op));
  EXPECT_EQ(disk.steps() - steps_before, 2U);
}

TEST_F(SqliteLog, CommitWhoseBytesCannotBeWrittenIsRefused) {
  PowerCutVfs disk({});
  const auto db = open_on(disk);
  disk.fail_writes(kForEver);
  InsertItem op(1);
  EXPECT_EQ(code_of(db->commit_now(op)), ErrorCode::kStoreUnavailable);
}

TEST_F(SqliteLog, OperationWhoseBytesCouldNotBeWrittenIsNotSeen) {
  PowerCutVfs disk({});
  const auto db = open_on(disk);
  disk.fail_writes(1);
  InsertItem op(1);
  (void)db->commit_now(op);
  EXPECT_THAT(integers_now(*db, kAllItems), IsEmpty());
}

TEST_F(SqliteLog, CommitsWorkOnceTheDiskHasRoom) {
  PowerCutVfs disk({});
  const auto db = open_on(disk);
  disk.fail_writes(kForEver);
  InsertItem lost(1), kept(2);
  (void)db->commit_now(lost);
  disk.fail_writes(0);
  ASSERT_TRUE(db->commit_now(kept));
  EXPECT_THAT(integers_now(*db, kAllItems), ElementsAre(2));
}

TEST_F(SqliteLog, PowerCutAfterARefusedCommitKeepsOnlyWhatWasAcknowledged) {
  PowerCutVfs disk({});
  {
    const auto db = open_on(disk);
    disk.fail_writes(1);
    InsertItem lost(1), kept(2);
    (void)db->commit_now(lost);
    ASSERT_TRUE(db->commit_now(kept));
    disk.cut_now();
  }
  const TempFolder after;
  ASSERT_TRUE(disk.write_survivors(after.path()));
  EXPECT_THAT(integers_now(*open_items({.path = after.file("test.db")}), kAllItems),
              ElementsAre(2));
}

/// Commits items until `stop`, those of each batch in one transaction.
void commit_until(Database& db, const std::atomic<bool>& stop) {
  constexpr std::int64_t kBatch = 20;
  for (std::int64_t first = 1; !stop; first += kBatch) {
    std::vector<std::unique_ptr<InsertItem>> ops;
    std::atomic<std::int64_t> waiting = kBatch;
    for (std::int64_t id = first; id < first + kBatch; ++id) {
      ops.push_back(std::make_unique<InsertItem>(id));
      db.submit(*ops.back(), [&waiting](const Result<>&) {
        if (--waiting == 0) waiting.notify_one();
      });
    }
    for (auto left = waiting.load(); left != 0; left = waiting.load()) waiting.wait(left);
  }
}

TEST_F(SqliteLog, ReadersBesideTheWriterSeeWholeTransactions) {
  const auto db = open_items({.path = path(), .log_pages = 64});
  std::atomic<bool> stop = false;
  std::thread writer([&] { commit_until(*db, stop); });
  int torn = 0;
  while (db->stats().commits < 40) {
    const auto read = db->read_now([&](Connection& snapshot) {
      const auto items = first_of(snapshot, kCountItems);
      if (items != first_of(snapshot, kCountKeys) || items != first_of(snapshot, kItemTally))
        ++torn;
    });
    if (!read) ++torn;
  }
  stop = true;
  writer.join();
  EXPECT_EQ(torn, 0);
}

// ---- transactions larger than the writer's cache: SQLite puts uncommitted pages into the log,
// reads them back from there, and overwrites them

/// 24 MB of notes, each then changed; the sum of their lengths as the transaction sees it; then a
/// failure, if asked for.
struct FillTheCache : WriteOp {
  FillTheCache() : WriteOp(kKind) {}
  bool fails = false;
  std::int64_t bytes_seen = -1;

  static Result<> apply(Connection& db, std::span<WriteOp* const> ops) {
    auto& op = as<FillTheCache>(ops.front());
    CHECK_OK(db.write(kFill, {}));
    CHECK_OK(db.write(kChange, {}));
    TRY(const auto seen, integers(db, kNoteBytes));
    op.bytes_seen = seen.at(0);
    if (op.fails) return fail(ErrorCode::kInternal, "as asked for");
    return {};
  }

  static constexpr std::int64_t kBytes = 3000 * 8001;
  static constexpr Sql kFill{
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
      "INSERT INTO item(id, note) SELECT i, printf('%.8000c', 'x') FROM n"};
  static constexpr Sql kChange{"UPDATE item SET note = note || 'y'"};
  static constexpr Sql kNoteBytes{"SELECT sum(length(note)) FROM item"};
  static const WriteKind kKind;
};
constexpr WriteKind FillTheCache::kKind{"fill_the_cache", 1, &FillTheCache::apply};

TEST_F(SqliteLog, TransactionLargerThanTheCacheReadsItsOwnPages) {
  PowerCutVfs disk({});
  const auto db = open_on(disk);
  FillTheCache op;
  ASSERT_TRUE(db->commit_now(op));
  EXPECT_EQ(op.bytes_seen, FillTheCache::kBytes);
}

TEST_F(SqliteLog, TransactionLargerThanTheCacheSurvivesAPowerCut) {
  PowerCutVfs disk({});
  {
    const auto db = open_on(disk);
    FillTheCache op;
    ASSERT_TRUE(db->commit_now(op));
    disk.cut_now();
  }
  const TempFolder after;
  ASSERT_TRUE(disk.write_survivors(after.path()));
  const auto db = open_items({.path = after.file("test.db")});
  ASSERT_TRUE(is_sound(*db));
  EXPECT_THAT(integers_now(*db, FillTheCache::kNoteBytes), ElementsAre(FillTheCache::kBytes));
}

TEST_F(SqliteLog, CommitAfterARolledBackTransactionLargerThanTheCacheSurvivesAPowerCut) {
  PowerCutVfs disk({});
  {
    const auto db = open_on(disk);
    FillTheCache failed;
    failed.fails = true;
    ASSERT_FALSE(db->commit_now(failed));
    InsertItem op(7);
    ASSERT_TRUE(db->commit_now(op));
    disk.cut_now();
  }
  const TempFolder after;
  ASSERT_TRUE(disk.write_survivors(after.path()));
  const auto db = open_items({.path = after.file("test.db")});
  ASSERT_TRUE(is_sound(*db));
  EXPECT_THAT(integers_now(*db, kAllItems), ElementsAre(7));
}

TEST_F(SqliteLog, TransactionLargerThanTheCacheFailsWhenOnePieceCannotBeWritten) {
  PowerCutVfs disk({});
  const auto db = open_on(disk);
  disk.fail_writes(1);  // long before its commit
  FillTheCache op;
  EXPECT_EQ(code_of(db->commit_now(op)), ErrorCode::kStoreUnavailable);
}

TEST_F(SqliteLog, NothingIsLeftOfATransactionOfWhichOnePieceCouldNotBeWritten) {
  PowerCutVfs disk({});
  const auto db = open_on(disk);
  disk.fail_writes(1);
  FillTheCache failed;
  (void)db->commit_now(failed);
  InsertItem op(7);
  ASSERT_TRUE(db->commit_now(op));
  ASSERT_TRUE(is_sound(*db));
  EXPECT_THAT(integers_now(*db, kAllItems), ElementsAre(7));
}

}  // namespace
}  // namespace flowsell::store
