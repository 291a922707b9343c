#include "store/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "item_ops.h"
#include "store/restores.h"
#include "store/sqlite.h"
#include "temp_folder.h"

namespace flowsell::store {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr Time kNoon = from_unix_ms(1'795'000'000'000);
constexpr Sql kDeleteItems("DELETE FROM item");

struct DeleteItems : WriteOp {
  DeleteItems() : WriteOp(kKind) {}
  static Result<> apply(Connection& db, std::span<WriteOp* const>) {
    CHECK_OK(db.write(kDeleteItems, {}));
    return {};
  }
  static const WriteKind kKind;
};
constexpr WriteKind DeleteItems::kKind{"delete_items", 10, &DeleteItems::apply};

class Backup : public testing::Test {
 protected:
  std::string live() const { return folder_.file("live.db"); }
  std::string copy() const { return folder_.file("copy.db"); }
  std::string restored() const { return folder_.file("restored.db"); }

  std::unique_ptr<Database> open(const std::string& path) const {
    auto db = open_sqlite({.path = path});
    if (!db || !(*db)->migrate(all_)) return nullptr;
    return *std::move(db);
  }
  static void insert(Database& db, std::int64_t first, std::int64_t last) {
    for (std::int64_t id = first; id <= last; ++id) {
      InsertItem op(id);
      ASSERT_TRUE(db.commit_now(op));
    }
  }
  Result<BackupFacts> back_up() const {
    return backup_sqlite({.database = live(), .target = copy(), .known = all_, .now = kNoon});
  }
  Result<BackupFacts> restore() const {
    return restore_sqlite(
        {.backup = copy(), .database = restored(), .known = all_, .now = kNoon + kDay});
  }
  /// What a failure says; empty where there is none.
  template <class T>
  static std::string why(const Result<T>& result) {
    return result ? std::string() : result.error().detail;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  std::string bytes(const std::string& path) const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void overwrite(const std::string& path, std::streamoff at, const std::string& with) const {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(at);
    file << with;
  }

  static constexpr std::chrono::hours kDay{24};
  TempFolder folder_;
  std::vector<Migration> all_ = merge_migrations({kItemMigrations, restore_migrations()});
};

TEST_F(Backup, HoldsWhatWasCommittedBeforeAndNotWhatCameAfter) {
  const auto db = open(live());
  insert(*db, 1, 3);
  ASSERT_EQ(why(back_up()), "");
  insert(*db, 4, 5);
  ASSERT_EQ(why(restore()), "");
  EXPECT_THAT(integers_now(*open(restored()), kAllItems), ElementsAre(1, 2, 3));
}

TEST_F(Backup, IsOneStateOfADatabaseThatGoesOn) {
  const auto db = open(live());
  insert(*db, 1, 50);
  std::atomic<bool> ends{false};
  std::jthread writer([&] {
    for (std::int64_t id = 51; !ends; ++id) insert(*db, id, id);
  });
  const auto made = back_up();
  ends = true;
  writer.join();
  ASSERT_EQ(why(made), "");
  ASSERT_EQ(why(restore()), "");
  const auto again = open(restored());
  const auto items = integers_now(*again, kAllItems);
  EXPECT_GE(items.size(), 50U);
  EXPECT_EQ(integers_now(*again, kAllKeys), items);
  EXPECT_THAT(integers_now(*again, kItemTally),
              ElementsAre(static_cast<std::int64_t>(items.size())));
}

TEST_F(Backup, OfADatabaseThatRestsIsTheSame) {
  insert(*open(live()), 1, 2);
  ASSERT_EQ(why(back_up()), "");
  ASSERT_EQ(why(restore()), "");
  EXPECT_THAT(integers_now(*open(restored()), kAllItems), ElementsAre(1, 2));
}

TEST_F(Backup, IsReadableByItsOwnerOnly) {
  open(live());
  ASSERT_EQ(why(back_up()), "");
  struct stat status{};
  ASSERT_EQ(::stat(copy().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(Backup, OfARunningDatabaseLeavesNothingElse) {
  const auto db = open(live());
  ASSERT_EQ(why(back_up()), "");
  EXPECT_THAT(files(),
              ElementsAre("copy.db", "live.db", "live.db-shm", "live.db-wal", "live.db.lock"));
}

TEST_F(Backup, HoldsNothingOfWhatWasDeleted) {
  const auto db = open(live());
  insert(*db, 1000, 1300);
  DeleteItems all;
  ASSERT_TRUE(db->commit_now(all));
  ASSERT_EQ(why(back_up()), "");
  EXPECT_THAT(bytes(copy()), HasSubstr("note 1000/1000"));
  std::string rest = bytes(copy());
  for (std::size_t at = 0; (at = rest.find("note 1000", at)) != std::string::npos; ++at)
    EXPECT_EQ(rest.substr(at, 14), "note 1000/1000");
}

TEST_F(Backup, CarriesTheEpochOfTheRestoreThatIsToCome) {
  open(live());
  const auto made = back_up();
  ASSERT_EQ(why(made), "");
  EXPECT_EQ(made->epoch, 1);
  EXPECT_EQ(made->taken_at, kNoon);
  EXPECT_EQ(made->bytes, static_cast<std::int64_t>(fs::file_size(copy())));
}

TEST_F(Backup, LeavesAnExistingTargetAsItWas) {
  open(live());
  std::ofstream(copy()) << "mine";
  EXPECT_THAT(why(back_up()), HasSubstr("exists already"));
  EXPECT_EQ(bytes(copy()), "mine");
}

TEST_F(Backup, OfNoDatabaseIsRefused) {
  EXPECT_THAT(why(back_up()), HasSubstr("there is no database"));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Backup, OfANewerDatabaseIsRefused) {
  const auto db = open(live());
  all_.pop_back();
  EXPECT_THAT(why(back_up()), HasSubstr("newer program"));
  EXPECT_THAT(files(), ElementsAre("live.db", "live.db-shm", "live.db-wal", "live.db.lock"));
}

TEST_F(Backup, OfADatabaseWithoutTheTableOfRestoresAsksForAStart) {
  const auto db = open_sqlite({.path = live()});
  ASSERT_TRUE((*db)->migrate(kItemMigrations));
  EXPECT_THAT(why(back_up()), HasSubstr("older connectd"));
}

TEST_F(Backup, OfAnotherProgramsFileIsRefused) {
  open_sqlite({.path = live()}).value()->stop();
  EXPECT_THAT(why(back_up()), HasSubstr("not a database of connectd"));
}

TEST_F(Backup, ThatTakesTooLongIsGivenUpAndLeavesNothing) {
  const auto db = open(live());
  insert(*db, 1, 3000);
  const auto made = backup_sqlite({.database = live(),
                                   .target = copy(),
                                   .known = all_,
                                   .now = kNoon,
                                   .time_max = std::chrono::seconds(0)});
  EXPECT_THAT(why(made), HasSubstr("given up"));
  EXPECT_FALSE(fs::exists(copy()));
}

class RestoreOfABackup : public Backup {
 protected:
  RestoreOfABackup() {
    insert(*open(live()), 1, 300);
    EXPECT_EQ(why(back_up()), "");
  }
};

TEST_F(RestoreOfABackup, IsKnownToTheNextStartUntilItIsSettled) {
  ASSERT_EQ(why(restore()), "");
  const auto db = open(restored());
  const auto found = find_restore(*db, kNoon + 2 * kDay);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->epoch, 1);
  EXPECT_EQ((*found)->backup_at, kNoon);
  EXPECT_EQ((*found)->restored_at, kNoon + kDay);
  EXPECT_FALSE((*found)->is_settled);
  ASSERT_TRUE(settle_restore(*db, kNoon + 2 * kDay, [](Connection&) { return Result<>{}; }));
  EXPECT_TRUE((*find_restore(*db, kNoon + 3 * kDay))->is_settled);
}

TEST_F(RestoreOfABackup, IsFoundAlsoWhereTheFileWasCopiedByHand) {
  fs::copy_file(copy(), restored());
  const auto db = open(restored());
  EXPECT_EQ((*find_restore(*db, kNoon + 2 * kDay))->restored_at, kNoon + 2 * kDay);
  EXPECT_EQ((*find_restore(*db, kNoon + 3 * kDay))->restored_at, kNoon + 2 * kDay);
}

TEST_F(RestoreOfABackup, IsNotMistakenForOneOfTheOriginal) {
  const auto db = open(live());
  EXPECT_EQ(*find_restore(*db, kNoon), std::nullopt);
}

TEST_F(RestoreOfABackup, CountsItsEpochUp) {
  ASSERT_EQ(why(restore()), "");
  open(restored())->stop();
  fs::remove(copy());
  const auto second = backup_sqlite(
      {.database = restored(), .target = copy(), .known = all_, .now = kNoon + 2 * kDay});
  ASSERT_EQ(why(second), "");
  EXPECT_EQ(second->epoch, 2);
}

TEST_F(RestoreOfABackup, LeavesTheBackupAsItWas) {
  const auto before = bytes(copy());
  ASSERT_EQ(why(restore()), "");
  EXPECT_EQ(bytes(copy()), before);
}

TEST_F(RestoreOfABackup, IsRefusedWhereADatabaseIs) {
  open(restored());
  const auto before = bytes(restored());
  EXPECT_THAT(why(restore()), HasSubstr("is there already"));
  EXPECT_EQ(bytes(restored()), before);
}

TEST_F(RestoreOfABackup, IsRefusedWhereAServerRuns) {
  const auto db = open(restored());
  EXPECT_THAT(why(restore()), HasSubstr("connectd runs on this folder"));
}

TEST_F(RestoreOfABackup, IsRefusedBesideAnotherDatabasesLog) {
  std::ofstream(restored() + "-wal") << "frames";
  EXPECT_THAT(why(restore()), HasSubstr("earlier database"));
  EXPECT_FALSE(fs::exists(restored()));
}

TEST_F(RestoreOfABackup, TakesThePlaceOfAnEmptyFileAndOfWhatACrashLeft) {
  const std::ofstream empty(restored());
  for (const char* name : {"restored.db-wal", "restored.db-shm"})
    const std::ofstream file(folder_.file(name));
  std::ofstream(restored() + ".restoring") << "half";
  ASSERT_EQ(why(restore()), "");
  EXPECT_THAT(files(), Not(Contains(StartsWith("restored.db-"))));
  EXPECT_THAT(files(), Not(Contains("restored.db.restoring")));
  EXPECT_THAT(integers_now(*open(restored()), kAllItems), SizeIs(300));
}

TEST_F(RestoreOfABackup, IsRefusedWhereAPageIsDamaged) {
  overwrite(copy(), 4096 * 3, std::string(4096, 'x'));
  EXPECT_THAT(why(restore()), HasSubstr("can't be restored"));
  EXPECT_FALSE(fs::exists(restored()));
}

TEST_F(RestoreOfABackup, IsRefusedWhereItsEndIsMissing) {
  fs::resize_file(copy(), fs::file_size(copy()) / 2);
  EXPECT_THAT(why(restore()), HasSubstr("can't be restored"));
  EXPECT_FALSE(fs::exists(restored()));
}

TEST_F(RestoreOfABackup, IsRefusedWhereItIsNoDatabase) {
  overwrite(copy(), 0, "something else");
  EXPECT_THAT(why(restore()), HasSubstr("not an SQLite database"));
  fs::remove(copy());
  EXPECT_THAT(why(restore()), HasSubstr("is not there"));
}

TEST_F(RestoreOfABackup, IsRefusedWhereItIsNewerThanTheProgram) {
  all_.pop_back();
  EXPECT_THAT(why(restore()), HasSubstr("newer program"));
  EXPECT_FALSE(fs::exists(restored()));
}

TEST_F(RestoreOfABackup, IsRefusedOfAServersOwnFile) {
  fs::remove(copy());
  fs::copy_file(live(), copy());
  EXPECT_THAT(why(restore()), HasSubstr("server's own file"));
}

TEST_F(RestoreOfABackup, IsRefusedOfARestoredFile) {
  ASSERT_EQ(why(restore()), "");
  fs::rename(restored(), copy());
  EXPECT_THAT(why(restore()), HasSubstr("not made by connectd backup"));
}

}  // namespace
}  // namespace flowsell::store
