#include "crypto/rotating_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/temporary_folder.h"

namespace flowsell::crypto {
namespace {

using namespace std::chrono_literals;
using std::filesystem::perms;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr Time kStart = Time(1000h);  // the first moment of period 1000

class RotatingKeysTest : public testing::Test {
 protected:
  RotatingKeysOptions options() const {
    return {.folder = folder_ / "keys", .name = "spool", .period = 1h, .life = 25h};
  }
  std::unique_ptr<RotatingKeys> opened(Time now = kStart) const {
    return *RotatingKeys::open(options(), now);
  }
  /// The same chain on another machine: what the file holds now.
  std::unique_ptr<RotatingKeys> opened_copy(Time now) const {
    RotatingKeysOptions other = options();
    other.folder = folder_ / "copy";
    std::filesystem::create_directories(other.folder);
    std::filesystem::copy_file(file(), other.folder / "spool.chain",
                               std::filesystem::copy_options::overwrite_existing);
    return *RotatingKeys::open(other, now);
  }
  static auto bytes_at(RotatingKeys& keys, Time now) { return keys.current(now).key.bytes(); }
  std::vector<std::string> files() const { return names_in(folder_ / "keys"); }
  std::filesystem::path file() const { return folder_ / "keys/spool.chain"; }
  std::string file_bytes() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void make_old(const std::filesystem::path& file) {
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - 1h);
  }
  void write_leftover(const std::string& number) const {
    const auto leftover = folder_ / ("keys/.spool.chain." + number + ".tmp");
    std::ofstream(leftover) << "half";
    make_old(leftover);
  }
  TemporaryFolder folder_;
};

TEST_F(RotatingKeysTest, KeyStaysTheSameWithinItsPeriod) {
  const auto keys = opened();
  const auto first = keys->current(kStart);
  const auto last = keys->current(kStart + 1h - 1ms);
  EXPECT_EQ(first.id, 1000U);
  EXPECT_EQ(last.id, 1000U);
  EXPECT_EQ(first.key.bytes(), last.key.bytes());
}

TEST_F(RotatingKeysTest, NextPeriodHasAnotherKey) {
  const auto keys = opened();
  const auto first = keys->current(kStart);
  const auto next = keys->current(kStart + 1h);
  EXPECT_EQ(next.id, 1001U);
  EXPECT_NE(first.key.bytes(), next.key.bytes());
}

TEST_F(RotatingKeysTest, OlderKeyIsFoundByItsId) {
  const auto keys = opened();
  const auto first = keys->current(kStart);
  (void)keys->current(kStart + 3h);
  ASSERT_TRUE(keys->find(1000));
  EXPECT_EQ(keys->find(1000)->bytes(), first.key.bytes());
}

TEST_F(RotatingKeysTest, NextPeriodsKeyIsFoundForAnotherClockMayBeThere) {
  const auto keys = opened();
  const auto next = keys->find(1001);
  ASSERT_TRUE(next);
  EXPECT_EQ(bytes_at(*keys, kStart + 1h), next->bytes());
}

TEST_F(RotatingKeysTest, KeysOfThePastAndTheFutureAreNotFound) {
  const auto keys = opened();
  EXPECT_FALSE(keys->find(999));
  EXPECT_FALSE(keys->find(1002));
  EXPECT_FALSE(keys->find(4'000'000'000));
}

TEST_F(RotatingKeysTest, ChainIsOnDiskPrivatelyBeforeItsFirstKeyIsGiven) {
  (void)opened();
  EXPECT_THAT(files(), ElementsAre("spool.chain"));
  EXPECT_EQ(mode_of(file()), perms::owner_read | perms::owner_write);
  EXPECT_EQ(mode_of(folder_ / "keys"), perms::owner_all);
}

TEST_F(RotatingKeysTest, KeysAreTheSameAfterARestart) {
  const auto before = bytes_at(*opened(), kStart);
  EXPECT_EQ(bytes_at(*opened(), kStart), before);
  EXPECT_EQ(opened(kStart + 2h)->find(1000)->bytes(), before);
}

TEST_F(RotatingKeysTest, WhoHasACopyHasTheSameKeysFromThenOn) {
  const auto here = opened();
  const auto there = opened_copy(kStart);
  for (const auto later : {0h, 1h, 30h, 1000h})
    EXPECT_EQ(bytes_at(*here, kStart + later), bytes_at(*there, kStart + later));
}

TEST_F(RotatingKeysTest, CopyThatRestedForWeeksCatchesUp) {
  const auto here = opened();
  const auto there = opened_copy(kStart);
  here->destroy_expired(kStart + 700h);
  const auto back = opened_copy(kStart + 700h);
  EXPECT_EQ(bytes_at(*here, kStart + 700h), bytes_at(*back, kStart + 700h));
  there->destroy_expired(kStart + 700h);
  EXPECT_EQ(bytes_at(*there, kStart + 700h), bytes_at(*back, kStart + 700h));
}

TEST_F(RotatingKeysTest, FoldersOfTheirOwnHaveChainsOfTheirOwn) {
  RotatingKeysOptions other = options();
  other.folder = folder_ / "other";
  const auto keys = *RotatingKeys::open(other, kStart);
  EXPECT_NE(bytes_at(*keys, kStart), bytes_at(*opened(), kStart));
}

TEST_F(RotatingKeysTest, KeyLivesUntilTheLastMomentOfItsLife) {
  const auto keys = opened();
  EXPECT_EQ(keys->destroy_expired(kStart + 25h - 1ms), 0U);
  EXPECT_TRUE(keys->find(1000));
}

TEST_F(RotatingKeysTest, KeyIsDestroyedWhenItsLifeIsOver) {
  const auto keys = opened();
  const auto other = bytes_at(*keys, kStart + 1h);
  EXPECT_EQ(keys->destroy_expired(kStart + 25h), 1U);
  EXPECT_FALSE(keys->find(1000));
  EXPECT_EQ(keys->find(1001)->bytes(), other);
}

TEST_F(RotatingKeysTest, FileDoesNotHoldWhatLeadsToADestroyedKey) {
  const auto keys = opened();
  const auto before = file_bytes();
  keys->destroy_expired(kStart + 25h);
  EXPECT_NE(file_bytes(), before);
  EXPECT_FALSE(opened_copy(kStart)->find(1000));
  EXPECT_THAT(files(), ElementsAre("spool.chain"));
}

TEST_F(RotatingKeysTest, KeyThatDiedWhileTheServerWasDownIsDestroyedAtStart) {
  const auto next = opened()->find(1001)->bytes();
  const auto keys = opened(kStart + 25h);
  EXPECT_FALSE(keys->find(1000));
  EXPECT_EQ(keys->find(1001)->bytes(), next);
}

TEST_F(RotatingKeysTest, YearsOfRestAreNoHindrance) {
  (void)opened();
  EXPECT_EQ(opened(kStart + 24h * 3650)->current(kStart + 24h * 3650).id, 1000U + 24 * 3650);
}

TEST_F(RotatingKeysTest, ClockThatGoesBackBringsNothingBack) {
  const auto keys = opened();
  keys->destroy_expired(kStart + 30h);
  const auto oldest = keys->current(kStart);
  EXPECT_EQ(oldest.id, 1006U);
  EXPECT_EQ(keys->destroy_expired(kStart), 0U);
  EXPECT_EQ(keys->find(1006)->bytes(), oldest.key.bytes());
}

TEST_F(RotatingKeysTest, CheckValueIsTheSameForWhoHasTheSameChainOnly) {
  const auto here = opened();
  const auto there = opened_copy(kStart);
  RotatingKeysOptions other = options();
  other.folder = folder_ / "other";
  const auto stranger = *RotatingKeys::open(other, kStart);
  EXPECT_EQ(here->check_value(1000), there->check_value(1000));
  EXPECT_NE(here->check_value(1000), stranger->check_value(1000));
  EXPECT_NE(here->check_value(1000), here->check_value(1001));
  EXPECT_EQ(here->check_value(999), std::nullopt);
}

TEST_F(RotatingKeysTest, CheckValueIsNoPartOfTheKey) {
  const auto keys = opened();
  const auto key = bytes_at(*keys, kStart);
  EXPECT_FALSE(std::ranges::equal(*keys->check_value(1000), std::span(key).first(16)));
}

TEST_F(RotatingKeysTest, KeysOfOtherNamesInTheFolderAreLeftAlone) {
  const auto key = bytes_at(*opened(), kStart);
  RotatingKeysOptions other = options();
  other.name = "spool-2";
  const auto keys = *RotatingKeys::open(other, kStart + 999h);
  EXPECT_FALSE(keys->find(1000));
  EXPECT_EQ(bytes_at(*opened(), kStart), key);
}

TEST_F(RotatingKeysTest, HalfWrittenFileOfACrashIsRemoved) {
  (void)opened();
  std::ofstream(folder_ / "keys/.spool.chain.0011.tmp") << "half";
  (void)opened();
  EXPECT_EQ(files().size(), 2U);  // another process may be writing it
  make_old(folder_ / "keys/.spool.chain.0011.tmp");
  (void)opened();
  EXPECT_THAT(files(), ElementsAre("spool.chain"));
}

TEST_F(RotatingKeysTest, HalfWrittenFileOfAQuickRestartIsRemovedWhileTheServerRuns) {
  const auto keys = opened();
  write_leftover("0011");
  keys->destroy_expired(kStart);
  EXPECT_THAT(files(), ElementsAre("spool.chain"));
}

TEST_F(RotatingKeysTest, LeftoverThatIsAnotherNameOfTheChainTakesNothingFromIt) {
  const auto before = bytes_at(*opened(), kStart);
  // Where a file system can only link: a power cut before the first name was taken away.
  std::filesystem::create_hard_link(file(), folder_ / "keys/.spool.chain.0011.tmp");
  make_old(file());
  EXPECT_EQ(bytes_at(*opened(), kStart), before);
  EXPECT_THAT(files(), ElementsAre("spool.chain"));
}

TEST_F(RotatingKeysTest, ProcessThatIsBehindDoesNotBringBackWhatAnotherHasDestroyed) {
  const auto behind = opened();
  const auto ahead = opened();
  ahead->destroy_expired(kStart + 30h);
  const auto after = file_bytes();
  EXPECT_EQ(behind->destroy_expired(kStart + 25h), 1U);
  EXPECT_EQ(file_bytes(), after);
}

TEST_F(RotatingKeysTest, ProcessThatStartsWhileAnotherReplacesTheFileReadsOneOrTheOther) {
  const auto keys = opened();
  const auto wanted = bytes_at(*opened(), kStart + 150h);
  std::atomic<bool> is_over = false;
  const std::jthread advancing([&] {
    for (int hour = 25; hour < 150; ++hour)
      keys->destroy_expired(kStart + std::chrono::hours(hour));
    is_over = true;
  });
  while (!is_over) {
    const auto other = RotatingKeys::open(options(), kStart);
    ASSERT_TRUE(other) << other.error().detail;
    ASSERT_EQ(bytes_at(**other, kStart + 150h), wanted);
  }
}

TEST_F(RotatingKeysTest, ProcessesThatAdvanceAtOnceInOneFolderStayOnOneChain) {
  const auto wanted = bytes_at(*opened(), kStart + 100h);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, keys = std::shared_ptr(opened())] {
        for (int hour = 25; hour < 50; ++hour)
          keys->destroy_expired(kStart + std::chrono::hours(hour));
      });
    }
  }
  EXPECT_EQ(bytes_at(*opened(), kStart + 100h), wanted);
  EXPECT_THAT(files(), ElementsAre("spool.chain"));
}

TEST_F(RotatingKeysTest, KeyFileOfAnEarlierVersionIsDestroyedWhenItsLifeIsOver) {
  const auto keys = opened();
  for (const auto* name : {"spool-1000.key", "spool-1001.key", "spool-2-1000.key", "spool-x.key"})
    std::ofstream(folder_ / "keys" / name) << "key";
  keys->destroy_expired(kStart + 25h);
  EXPECT_THAT(files(), UnorderedElementsAre("spool.chain", "spool-1001.key", "spool-2-1000.key",
                                            "spool-x.key"));
}

TEST_F(RotatingKeysTest, FileOfWrongSizeOrFormIsRefused) {
  (void)opened();
  const auto size = std::filesystem::file_size(file());
  std::filesystem::resize_file(file(), size - 1);
  EXPECT_FALSE(RotatingKeys::open(options(), kStart));
  std::filesystem::resize_file(file(), size + 1);
  EXPECT_FALSE(RotatingKeys::open(options(), kStart));
  std::ofstream(file(), std::ios::binary) << std::string(size, 'x');
  EXPECT_FALSE(RotatingKeys::open(options(), kStart));
}

TEST_F(RotatingKeysTest, FileOpenToOthersIsRefused) {
  (void)opened();
  std::filesystem::permissions(file(), perms::owner_read | perms::others_read);
  EXPECT_FALSE(RotatingKeys::open(options(), kStart));
}

TEST_F(RotatingKeysTest, LifeShorterThanThePeriodIsRefused) {
  RotatingKeysOptions wrong = options();
  wrong.period = 2h;
  wrong.life = 1h;
  EXPECT_FALSE(RotatingKeys::open(wrong, kStart));
}

TEST_F(RotatingKeysTest, KeyThatCanNotBeDestroyedIsTriedAgain) {
  const auto keys = opened();
  std::filesystem::rename(folder_ / "keys", folder_ / "away");
  EXPECT_EQ(keys->destroy_expired(kStart + 25h), 0U);
  EXPECT_TRUE(keys->find(1000));
  std::filesystem::rename(folder_ / "away", folder_ / "keys");
  EXPECT_EQ(keys->destroy_expired(kStart + 25h), 1U);
}

TEST_F(RotatingKeysTest, ProcessesThatBeginAtOnceInOneFolderHaveOneChain) {
  std::vector<std::array<std::uint8_t, 32>> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& bytes : seen) threads.emplace_back([&] { bytes = bytes_at(*opened(), kStart); });
  }
  EXPECT_EQ(std::ranges::count(seen, seen[0]), 8);
}

TEST_F(RotatingKeysTest, ThreadsThatAskAtOnceGetOneKey) {
  const auto keys = opened();
  std::vector<std::array<std::uint8_t, 32>> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& bytes : seen) threads.emplace_back([&] { bytes = bytes_at(*keys, kStart + 5h); });
  }
  EXPECT_EQ(std::ranges::count(seen, seen[0]), 8);
}

}  // namespace
}  // namespace flowsell::crypto
