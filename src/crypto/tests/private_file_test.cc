#include "private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/temporary_folder.h"

namespace flowsell::crypto {
namespace {

using std::filesystem::perms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PrivateFile : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "a.key";
};

TEST_F(PrivateFile, IsReadBackWhole) {
  ASSERT_TRUE(create_private_file(file_, std::string("a\0b", 3)));
  EXPECT_EQ(read_private_file(file_, 3).value_or(""), std::string("a\0b", 3));
}

TEST_F(PrivateFile, BelongsToItsOwnerAlone) {
  ASSERT_TRUE(create_private_file(file_, "x"));
  EXPECT_EQ(mode_of(file_), perms::owner_read | perms::owner_write);
}

TEST_F(PrivateFile, LeavesNoTemporaryFileBehind) {
  ASSERT_TRUE(create_private_file(file_, "x"));
  EXPECT_FALSE(create_private_file(file_, "y"));
  EXPECT_THAT(names_in(folder_.path()), ElementsAre("a.key"));
}

TEST_F(PrivateFile, ExistingFileIsNeverReplaced) {
  ASSERT_TRUE(create_private_file(file_, "first"));
  EXPECT_FALSE(create_private_file(file_, "second"));
  EXPECT_EQ(read_private_file(file_, 10).value_or(""), "first");
}

TEST_F(PrivateFile, OpenToTheGroupIsRefusedWithTheRemedy) {
  ASSERT_TRUE(create_private_file(file_, "x"));
  std::filesystem::permissions(file_, perms::owner_read | perms::group_read);
  const auto read = read_private_file(file_, 10);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().detail, HasSubstr("chmod 600"));
}

TEST_F(PrivateFile, OpenToOthersIsRefused) {
  ASSERT_TRUE(create_private_file(file_, "x"));
  std::filesystem::permissions(file_, perms::owner_read | perms::others_read);
  EXPECT_FALSE(read_private_file(file_, 10));
}

TEST_F(PrivateFile, LongerThanAskedForIsRefused) {
  ASSERT_TRUE(create_private_file(file_, "1234"));
  EXPECT_TRUE(read_private_file(file_, 4));
  EXPECT_FALSE(read_private_file(file_, 3));
}

TEST_F(PrivateFile, FolderIsNoFile) { EXPECT_FALSE(read_private_file(folder_.path(), 10)); }

TEST_F(PrivateFile, ErrorNamesTheFileWithoutItsFolder) {
  const auto read = read_private_file(file_, 10);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().detail, HasSubstr("a.key"));
  EXPECT_THAT(read.error().detail, testing::Not(HasSubstr(folder_.path().string())));
}

TEST_F(PrivateFile, DestroyedFileIsGone) {
  ASSERT_TRUE(create_private_file(file_, "x"));
  EXPECT_TRUE(destroy_private_file(file_));
  EXPECT_THAT(names_in(folder_.path()), IsEmpty());
}

TEST_F(PrivateFile, DestroyOverwritesEveryOtherNameOfTheFile) {
  ASSERT_TRUE(create_private_file(file_, "secret"));
  std::filesystem::create_hard_link(file_, folder_ / "link");
  ASSERT_TRUE(destroy_private_file(file_));
  EXPECT_EQ(read_private_file(folder_ / "link", 10).value_or(""), std::string(6, '\0'));
}

TEST_F(PrivateFile, DestroyingWhatIsNotThereSucceeds) { EXPECT_TRUE(destroy_private_file(file_)); }

TEST_F(PrivateFile, FolderIsMadeWithItsParentsForTheOwnerAlone) {
  ASSERT_TRUE(create_private_folder(folder_ / "a/b"));
  EXPECT_EQ(mode_of(folder_ / "a"), perms::owner_all);
  EXPECT_EQ(mode_of(folder_ / "a/b"), perms::owner_all);
}

TEST_F(PrivateFile, FolderThatExistsIsLeftAsItIs) {
  EXPECT_TRUE(create_private_folder(folder_.path()));
}

}  // namespace
}  // namespace flowsell::crypto
