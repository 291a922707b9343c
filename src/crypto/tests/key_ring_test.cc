#include "crypto/key_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/temporary_folder.h"

namespace flowsell::crypto {
namespace {

using std::filesystem::perms;
using testing::HasSubstr;
using testing::Not;

const std::string kWorkspace = "0123456789abcdef";
const std::string kOther = "fedcba9876543210";

KeyRing a_ring(char digit) { return *KeyRing::from_hex(Secret(std::string(64, digit))); }

struct HexCase {
  const char* name;
  std::string text;
  bool ok;
};
class FromHex : public testing::TestWithParam<HexCase> {};
TEST_P(FromHex, TakesSixtyFourDigits) {
  EXPECT_EQ(KeyRing::from_hex(Secret(GetParam().text)).has_value(), GetParam().ok);
}
INSTANTIATE_TEST_SUITE_P(Table, FromHex,
                         testing::Values(HexCase{"Lower", std::string(64, 'a'), true},
                                         HexCase{"Upper", std::string(64, 'F'), true},
                                         HexCase{"OneTooShort", std::string(63, 'a'), false},
                                         HexCase{"OneTooLong", std::string(65, 'a'), false},
                                         HexCase{"NotADigit", std::string(63, 'a') + "g", false},
                                         HexCase{"Empty", "", false}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(FromHex, ErrorDoesNotRepeatTheText) {
  const auto ring = KeyRing::from_hex(Secret("deadbeef"));
  ASSERT_FALSE(ring);
  EXPECT_THAT(ring.error().detail, testing::Not(HasSubstr("deadbeef")));
}

TEST(FromCommand, TakesWhatItPrints) {
  const auto ring = KeyRing::from_command("printf '%064d\\n' 7");
  ASSERT_TRUE(ring);
  const auto same = KeyRing::from_hex(Secret(std::string(63, '0') + "7"));
  EXPECT_EQ(ring->derive("a").bytes()[0], same->derive("a").bytes()[0]);
}

TEST(FromCommand, HasNoInput) { EXPECT_TRUE(KeyRing::from_command("cat; printf '%064d' 1")); }

TEST(FromCommand, FailsWhenTheCommandFailsOrPrintsAnythingElse) {
  const std::string digits = "printf '%064d' 1";
  for (const std::string& command :
       {digits + "; exit 3", std::string("no-such-command-there-is 2>/dev/null"),
        std::string("true"), digits + "; echo more", std::string("head -c 100000 /dev/zero"),
        digits + "; kill -9 $$"}) {
    const auto ring = KeyRing::from_command(command);
    ASSERT_FALSE(ring) << command;
    EXPECT_THAT(ring.error().detail, HasSubstr("command"));
    EXPECT_THAT(ring.error().detail, Not(HasSubstr("0001")));
  }
}

TEST(KeyRing, WrappedKeyIsUnwrappedTheSameEachTime) {
  const KeyRing ring = a_ring('a');
  const std::string wrapped = ring.wrap_new_key(kWorkspace);
  const auto first = ring.unwrap(kWorkspace, wrapped);
  const auto second = ring.unwrap(kWorkspace, wrapped);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->bytes(), second->bytes());
}

TEST(KeyRing, EveryNewKeyIsAnother) {
  const KeyRing ring = a_ring('a');
  EXPECT_NE(ring.unwrap(kWorkspace, ring.wrap_new_key(kWorkspace))->bytes(),
            ring.unwrap(kWorkspace, ring.wrap_new_key(kWorkspace))->bytes());
}

TEST(KeyRing, WrappedKeyBelongsToItsWorkspace) {
  const KeyRing ring = a_ring('a');
  EXPECT_FALSE(ring.unwrap(kOther, ring.wrap_new_key(kWorkspace)));
}

TEST(KeyRing, WrappedKeyBelongsToItsMasterKey) {
  EXPECT_FALSE(a_ring('b').unwrap(kWorkspace, a_ring('a').wrap_new_key(kWorkspace)));
}

TEST(KeyRing, DerivedKeyDependsOnPurposeAndMasterKeyOnly) {
  EXPECT_EQ(a_ring('a').derive("x").bytes(), a_ring('a').derive("x").bytes());
  EXPECT_NE(a_ring('a').derive("x").bytes(), a_ring('a').derive("y").bytes());
  EXPECT_NE(a_ring('a').derive("x").bytes(), a_ring('b').derive("x").bytes());
}

TEST(KeyRing, WrappedRingOpensUnderItsNameAndItsKeyOnly) {
  const KeyRing inner = KeyRing::random();
  const std::string wrapped = a_ring('a').wrap_ring("root", inner);
  EXPECT_TRUE(*a_ring('a').unwrap_ring("root", wrapped) == inner);
  EXPECT_FALSE(a_ring('a').unwrap_ring("former", wrapped));
  EXPECT_FALSE(a_ring('b').unwrap_ring("root", wrapped));
}

TEST(KeyRing, RewrappedKeyIsTheSame) {
  const auto key = a_ring('a').unwrap(kWorkspace, a_ring('a').wrap_new_key(kWorkspace));
  EXPECT_EQ(a_ring('b').unwrap(kWorkspace, a_ring('b').wrap(kWorkspace, *key))->bytes(),
            key->bytes());
}

TEST(KeyRing, IdTellsKeysApart) {
  EXPECT_EQ(a_ring('a').id(), a_ring('a').id());
  EXPECT_NE(a_ring('a').id(), a_ring('b').id());
  EXPECT_EQ(a_ring('a').id().size(), 19U);
  EXPECT_FALSE(KeyRing::random() == KeyRing::random());
}

class KeyRingFile : public testing::Test {
 protected:
  void put(const std::string& text, perms mode = perms::owner_read | perms::owner_write) {
    std::ofstream(file_) << text;
    std::filesystem::permissions(file_, mode);
  }
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "master.key";
};

TEST_F(KeyRingFile, IsMadePrivateWhenMissing) {
  ASSERT_TRUE(KeyRing::from_file(file_, true));
  EXPECT_EQ(mode_of(file_), perms::owner_read | perms::owner_write);
}

TEST_F(KeyRingFile, IsMadeWithItsFolder) {
  EXPECT_TRUE(KeyRing::from_file(folder_ / "keys/master.key", true));
}

TEST_F(KeyRingFile, GivesTheSameKeyAtTheNextStart) {
  const auto first = KeyRing::from_file(file_, true);
  const auto second = KeyRing::from_file(file_, true);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->derive("x").bytes(), second->derive("x").bytes());
}

TEST_F(KeyRingFile, MissingFileIsAnErrorUnlessItMayBeMade) {
  EXPECT_FALSE(KeyRing::from_file(file_, false));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(KeyRingFile, LineEndOfAnEditorIsIgnored) {
  put(std::string(64, 'a') + "\r\n");
  EXPECT_TRUE(KeyRing::from_file(file_, false));
}

TEST_F(KeyRingFile, MalformedFileIsLeftAndRefused) {
  put("not a key");
  EXPECT_FALSE(KeyRing::from_file(file_, true));
  EXPECT_EQ(std::filesystem::file_size(file_), 9U);
}

TEST_F(KeyRingFile, FileOpenToOthersIsRefusedByName) {
  put(std::string(64, 'a'), perms::owner_read | perms::others_read);
  const auto ring = KeyRing::from_file(file_, true);
  ASSERT_FALSE(ring);
  EXPECT_THAT(ring.error().detail, HasSubstr(file_.string()));
}

}  // namespace
}  // namespace flowsell::crypto
