#include "crypto/master_key_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace flowsell::crypto {
namespace {

using std::filesystem::perms;

class MasterKeyFilesTest : public testing::Test {
 protected:
  void put(const char* name, char digit) {
    std::ofstream(folder_ / name) << std::string(64, digit);
    std::filesystem::permissions(folder_ / name, perms::owner_read | perms::owner_write);
  }
  static KeyRing ring(char digit) { return *KeyRing::from_hex(Secret(std::string(64, digit))); }

  TemporaryFolder folder_;
  MasterKeyFiles files_{folder_ / "."};
};

TEST_F(MasterKeyFilesTest, NextOneIsMadeOnce) {
  EXPECT_FALSE(files_.next()->has_value());
  const auto made = files_.make_next();
  ASSERT_TRUE(made);
  EXPECT_TRUE(files_.make_next().value() == *made);
  EXPECT_TRUE(files_.next().value() == *made);
  EXPECT_EQ(mode_of(folder_ / "master.key.next"), perms::owner_read | perms::owner_write);
}

TEST_F(MasterKeyFilesTest, NextOneTakesTheCurrentOnesPlace) {
  put("master.key", 'a');
  put("master.key.next", 'b');
  ASSERT_TRUE(files_.take_next());
  EXPECT_TRUE(files_.current(false).value() == ring('b'));
  EXPECT_FALSE(files_.has_next());
  EXPECT_TRUE(files_.has_former());
  EXPECT_EQ(mode_of(folder_ / "master.key.former"), perms::owner_read | perms::owner_write);
  ASSERT_TRUE(files_.destroy_former());
  EXPECT_FALSE(files_.has_former());
  EXPECT_TRUE(files_.destroy_former());
}

TEST_F(MasterKeyFilesTest, WhatWasCutShortBehindTheCopyGoesOn) {
  put("master.key", 'a');
  put("master.key.former", 'a');
  put("master.key.next", 'b');
  ASSERT_TRUE(files_.take_next());
  EXPECT_TRUE(files_.current(false).value() == ring('b'));
}

TEST_F(MasterKeyFilesTest, ThereIsNoNextOneBeforeTheFormerHasGone) {
  put("master.key", 'b');
  put("master.key.former", 'a');
  EXPECT_FALSE(files_.make_next());
  put("master.key.next", 'c');
  EXPECT_FALSE(files_.take_next());
  EXPECT_TRUE(files_.current(false).value() == ring('b'));
}

TEST_F(MasterKeyFilesTest, RefusedOneIsSetAsideUntilAnotherIsMade) {
  put("master.key", 'a');
  put("master.key.next", 'b');
  EXPECT_FALSE(files_.has_refused());
  ASSERT_TRUE(files_.refuse_next());
  EXPECT_TRUE(files_.has_refused());
  EXPECT_FALSE(files_.has_next());
  EXPECT_TRUE(files_.current(false).value() == ring('a'));
  ASSERT_TRUE(files_.make_next());
  EXPECT_FALSE(files_.has_refused());
}

TEST_F(MasterKeyFilesTest, FormerOneThatIsOlderThanTheCurrentOnesIsTold) {
  put("master.key", 'b');
  EXPECT_FALSE(*files_.has_older_former());
  put("master.key.former", 'b');
  EXPECT_FALSE(*files_.has_older_former()) << "cut short behind the copy";
  put("master.key.former", 'a');
  EXPECT_TRUE(*files_.has_older_former());
}

TEST_F(MasterKeyFilesTest, WithoutANextOneNothingChanges) {
  put("master.key", 'a');
  EXPECT_FALSE(files_.take_next());
  EXPECT_TRUE(files_.current(false).value() == ring('a'));
}

TEST_F(MasterKeyFilesTest, MalformedNextOneIsRefused) {
  std::ofstream(folder_ / "master.key.next") << "short";
  std::filesystem::permissions(folder_ / "master.key.next", perms::owner_read);
  EXPECT_FALSE(files_.next());
}

}  // namespace
}  // namespace flowsell::crypto
