#include "store/sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <latch>
#include <limits>
#include <thread>

#include "core/failpoint.h"
#include "item_ops.h"
#include "power_cut_vfs.h"
#include "temp_folder.h"

namespace flowsell::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::optional<ErrorCode> code_of(const Result<>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

std::unique_ptr<Database> open_items(SqliteOptions options) {
  auto db = open_sqlite(options);
  if (!db || !(*db)->migrate(kItemMigrations)) return nullptr;
  return *std::move(db);
}

void commit_items(Database& db, std::int64_t first, std::int64_t last) {
  for (std::int64_t id = first; id <= last; ++id) {
    InsertItem op(id);
    ASSERT_TRUE(db.commit_now(op));
  }
}

class Sqlite : public testing::Test {
 protected:
  std::string path() const { return folder_.file("test.db"); }
  TempFolder folder_;
};

TEST_F(Sqlite, MissingFolderIsUnavailable) {
  const auto opened = open_sqlite({.path = folder_.file("missing/test.db")});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kStoreUnavailable);
}

TEST_F(Sqlite, FileThatIsNoDatabaseIsUnavailable) {
  std::FILE* file = std::fopen(path().c_str(), "w");
  for (int i = 0; i < 1000; ++i) std::fputs("not a database", file);
  std::fclose(file);
  const auto opened = open_sqlite({.path = path()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kStoreUnavailable);
}

TEST_F(Sqlite, FilesAreReadableByTheirOwnerOnly) {
  const auto db = open_items({.path = path()});
  for (const char* end : {"", "-wal", "-shm", ".lock"}) {
    struct stat status{};
    ASSERT_EQ(::stat((path() + end).c_str(), &status), 0) << end;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << end;
  }
}

TEST_F(Sqlite, AnotherProcessIsRefused) {
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  const pid_t child = ::fork();  // before there are threads
  if (child == 0) {
    char byte = 0;
    (void)::read(go[0], &byte, 1);
    ::_exit(open_sqlite({.path = path()}).has_value() ? 1 : 0);
  }
  const auto db = open_items({.path = path()});
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Sqlite, LockGoesWithItsProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto db = open_items({.path = path()});
    ::raise(SIGKILL);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(open_sqlite({.path = path()}));
}

TEST_F(Sqlite, CleanCloseLeavesNoLog) {
  {
    const auto db = open_items({.path = path()});
    commit_items(*db, 1, 3);
  }
  EXPECT_FALSE(std::filesystem::exists(path() + "-wal"));
}

TEST_F(Sqlite, LogStaysSmallUnderSteadyWork) {
  constexpr std::size_t kLogPages = 64;
  const auto db = open_items({.path = path(), .log_pages = kLogPages});
  commit_items(*db, 1, 400);
  // The hard bound, and the little that one transaction and a tail of the copying add.
  EXPECT_LE(std::filesystem::file_size(path() + "-wal"), (kLogPages * 4 + 32) * 4120);
}

TEST_F(Sqlite, LogStartsOverOnceAReaderThatHeldItIsGone) {
  constexpr std::size_t kLogPages = 64;
  const auto db = open_items({.path = path(), .log_pages = kLogPages});
  const auto read = db->read_now([&](Connection& snapshot) {
    EXPECT_EQ(integers(snapshot, kAllItems).value().size(), 0U);
    commit_items(*db, 1, 100);
  });
  ASSERT_TRUE(read);
  const auto size_before = std::filesystem::file_size(path() + "-wal");
  commit_items(*db, 101, 500);
  EXPECT_LE(std::filesystem::file_size(path() + "-wal"), size_before + (kLogPages * 4 + 32) * 4120);
}

TEST_F(Sqlite, NothingIsLostAcrossCheckpoints) {
  {
    const auto db = open_items({.path = path(), .log_pages = 16});
    commit_items(*db, 1, 200);
  }
  const auto db = open_items({.path = path()});
  EXPECT_EQ(integers_now(*db, kAllItems).size(), 200U);
}

Awaitable<void> read_nothing(Database& db, std::vector<ErrorCode>& errors, std::latch& all_asked) {
  const auto result = co_await db.read([](Connection&) { return Result<>(); });
  if (result) co_return;
  errors.push_back(result.error().code);
  all_asked.count_down();
}

TEST_F(Sqlite, ReadsBeyondTheLimitOfThoseThatWaitAreRefused) {
  net::io_context io(1);  // before db, which posts to it until it has stopped
  const auto db = open_items({.path = path(), .readers = 1});
  std::latch begun(1), one_refused(1);
  std::thread holder([&] {
    (void)db->read_now([&](Connection&) {
      begun.count_down();
      one_refused.wait();
    });
  });
  begun.wait();
  std::vector<ErrorCode> errors;
  for (int i = 0; i < 1025; ++i) {
    net::co_spawn(io, read_nothing(*db, errors, one_refused),
                  [](std::exception_ptr e) { EXPECT_FALSE(e); });
  }
  io.run();
  holder.join();
  EXPECT_THAT(errors, ElementsAre(ErrorCode::kOverloaded));
}

// ---- a disk that fails

const Sql kTables("SELECT COUNT(*) FROM sqlite_schema");
constexpr std::uint64_t kForEver = std::numeric_limits<std::uint64_t>::max();

TEST_F(Sqlite, FailedSyncIsUnavailable) {
  PowerCutVfs disk({});
  const auto db = open_items({.path = path(), .vfs = disk.name()});
  disk.fail_syncs(kForEver);
  InsertItem op(1);
  EXPECT_EQ(code_of(db->commit_now(op)), ErrorCode::kStoreUnavailable);
}

TEST_F(Sqlite, FailedSyncSaysWhenToTryAgain) {
  PowerCutVfs disk({});
  const auto db = open_items({.path = path(), .vfs = disk.name()});
  disk.fail_syncs(kForEver);
  InsertItem op(1);
  EXPECT_EQ(db->commit_now(op).error().retry_after, std::chrono::seconds(1));
}

TEST_F(Sqlite, OperationWhoseSyncFailedIsNotSeen) {
  PowerCutVfs disk({});
  const auto db = open_items({.path = path(), .vfs = disk.name()});
  disk.fail_syncs(kForEver);
  InsertItem op(1);
  (void)db->commit_now(op);
  EXPECT_THAT(integers_now(*db, kAllItems), IsEmpty());
}

TEST_F(Sqlite, ReadOfADiskThatFailsIsUnavailable) {
  PowerCutVfs disk({});
  const auto db = open_items({.path = path(), .vfs = disk.name()});
  InsertItem op(1);
  ASSERT_TRUE(db->commit_now(op));
  Result<> rows;
  const auto read = db->read_now([&](Connection& connection) {
    ASSERT_TRUE(connection.query(kTables, {}, [](const Row&) {}));
    disk.cut_now();
    rows = connection.query(kAllItems, {}, [](const Row&) {});
  });
  EXPECT_EQ(code_of(rows), ErrorCode::kStoreUnavailable);
  EXPECT_TRUE(read);  // else its error would hide the query's
}

TEST_F(Sqlite, CommitsWorkOnceTheDiskDoes) {
  PowerCutVfs disk({});
  const auto db = open_items({.path = path(), .vfs = disk.name()});
  disk.fail_syncs(kForEver);
  InsertItem lost(1);
  (void)db->commit_now(lost);
  disk.fail_syncs(0);
  commit_items(*db, 2, 2);
  EXPECT_THAT(integers_now(*db, kAllItems), ElementsAre(2));
}

// ---- failpoints: each is armed in a process of its own, which it kills

/// The items that are there after a process that commits two was killed at `failpoint_name`.
std::vector<std::int64_t> items_after_kill_at(const std::string& path,
                                              const std::string& failpoint_name) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto db = open_items({.path = path});
    InsertItem first(1), second(2);
    (void)db->commit_now(first);
    arm_failpoint(failpoint_name);
    (void)db->commit_now(second);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) return {-2};
  return integers_now(*open_items({.path = path}), kAllItems);
}

struct KillCase {
  const char* failpoint_name;
  std::size_t items_left;
};
class SqliteKilled : public testing::TestWithParam<KillCase> {};
TEST_P(SqliteKilled, KeepsWhatWasCommitted) {
  const TempFolder folder;
  EXPECT_EQ(items_after_kill_at(folder.file("test.db"), GetParam().failpoint_name).size(),
            GetParam().items_left);
}
constexpr KillCase kKillCases[] = {{"commit.before", 1},
                                   {"commit.before.insert_item", 1},
                                   {"commit.after", 2},
                                   {"commit.after.insert_item", 2}};
INSTANTIATE_TEST_SUITE_P(Failpoints, SqliteKilled, testing::ValuesIn(kKillCases));

}  // namespace
}  // namespace flowsell::store
