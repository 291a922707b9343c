#include "crypto/rotating_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
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
using testing::IsEmpty;
using testing::SizeIs;

constexpr Time kStart = Time(1000h);  // the first moment of period 1000

class RotatingKeysTest : public testing::Test {
 protected:
  RotatingKeysOptions options() const {
    return {.folder = folder_ / "keys", .name = "spool", .period = 1h, .life = 25h};
  }
  std::unique_ptr<RotatingKeys> opened(Time now = kStart) const {
    return *RotatingKeys::open(options(), now);
  }
  std::vector<std::string> files() const { return names_in(folder_ / "keys"); }
  std::filesystem::path file() const { return folder_ / "keys/spool-1000.key"; }
  TemporaryFolder folder_;
};

TEST_F(RotatingKeysTest, KeyStaysTheSameWithinItsPeriod) {
  const auto keys = opened();
  const auto first = *keys->current(kStart);
  const auto last = *keys->current(kStart + 1h - 1ms);
  EXPECT_EQ(first.id, 1000U);
  EXPECT_EQ(last.id, 1000U);
  EXPECT_EQ(first.key.bytes(), last.key.bytes());
}

TEST_F(RotatingKeysTest, NextPeriodHasAnotherKey) {
  const auto keys = opened();
  const auto first = *keys->current(kStart);
  const auto next = *keys->current(kStart + 1h);
  EXPECT_EQ(next.id, 1001U);
  EXPECT_NE(first.key.bytes(), next.key.bytes());
}

TEST_F(RotatingKeysTest, OlderKeyIsFoundByItsId) {
  const auto keys = opened();
  const auto first = *keys->current(kStart);
  (void)keys->current(kStart + 1h);
  ASSERT_TRUE(keys->find(1000));
  EXPECT_EQ(keys->find(1000)->bytes(), first.key.bytes());
}

TEST_F(RotatingKeysTest, UnknownIdIsNotFound) { EXPECT_FALSE(opened()->find(1000)); }

TEST_F(RotatingKeysTest, NoKeyIsMadeBeforeItIsNeeded) {
  (void)opened();
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(RotatingKeysTest, KeyIsOnDiskPrivatelyWhenItIsGiven) {
  const auto keys = opened();
  ASSERT_TRUE(keys->current(kStart));
  EXPECT_THAT(files(), ElementsAre("spool-1000.key"));
  EXPECT_EQ(mode_of(file()), perms::owner_read | perms::owner_write);
  EXPECT_EQ(mode_of(folder_ / "keys"), perms::owner_all);
}

TEST_F(RotatingKeysTest, KeyIsTheSameAfterARestart) {
  const auto before = *opened()->current(kStart);
  const auto after = *opened()->current(kStart);
  EXPECT_EQ(before.key.bytes(), after.key.bytes());
}

TEST_F(RotatingKeysTest, KeyLivesUntilTheLastMomentOfItsLife) {
  const auto keys = opened();
  (void)keys->current(kStart);
  EXPECT_EQ(keys->destroy_expired(kStart + 25h - 1ms), 0U);
  EXPECT_TRUE(keys->find(1000));
}

TEST_F(RotatingKeysTest, KeyIsDestroyedWhenItsLifeIsOver) {
  const auto keys = opened();
  (void)keys->current(kStart);
  EXPECT_EQ(keys->destroy_expired(kStart + 25h), 1U);
  EXPECT_FALSE(keys->find(1000));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(RotatingKeysTest, KeyThatDiedWhileTheServerWasDownIsDestroyedAtStart) {
  (void)opened()->current(kStart);
  const auto keys = opened(kStart + 25h);
  EXPECT_FALSE(keys->find(1000));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(RotatingKeysTest, KeysOfOtherNamesInTheFolderAreLeftAlone) {
  (void)opened()->current(kStart);
  RotatingKeysOptions other = options();
  other.name = "spool-2";
  const auto keys = *RotatingKeys::open(other, kStart + 999h);
  EXPECT_FALSE(keys->find(1000));
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(RotatingKeysTest, HalfWrittenFileOfACrashIsRemoved) {
  (void)opened();
  std::ofstream(folder_ / "keys/.spool-1000.key.0011.tmp") << "half";
  (void)opened();
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(RotatingKeysTest, FileOfWrongSizeIsRefused) {
  (void)opened()->current(kStart);
  std::filesystem::resize_file(file(), 31);
  EXPECT_FALSE(RotatingKeys::open(options(), kStart));
  std::filesystem::resize_file(file(), 33);
  EXPECT_FALSE(RotatingKeys::open(options(), kStart));
}

TEST_F(RotatingKeysTest, FileOpenToOthersIsRefused) {
  (void)opened()->current(kStart);
  std::filesystem::permissions(file(), perms::owner_read | perms::others_read);
  EXPECT_FALSE(RotatingKeys::open(options(), kStart));
}

TEST_F(RotatingKeysTest, LifeShorterThanThePeriodIsRefused) {
  RotatingKeysOptions wrong = options();
  wrong.period = 2h;
  wrong.life = 1h;
  EXPECT_FALSE(RotatingKeys::open(wrong, kStart));
}

TEST_F(RotatingKeysTest, CurrentFailsWhenTheKeyCanNotBeStored) {
  const auto keys = opened();
  std::filesystem::remove_all(folder_ / "keys");
  EXPECT_FALSE(keys->current(kStart));
  EXPECT_FALSE(keys->find(1000));
}

TEST_F(RotatingKeysTest, ThreadsThatAskAtOnceGetOneKey) {
  const auto keys = opened();
  std::vector<std::array<std::uint8_t, 32>> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& bytes : seen)
      threads.emplace_back([&] { bytes = keys->current(kStart)->key.bytes(); });
  }
  EXPECT_EQ(std::ranges::count(seen, seen[0]), 8);
}

}  // namespace
}  // namespace flowsell::crypto
