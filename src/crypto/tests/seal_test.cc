#include "crypto/seal.h"

#include <gtest/gtest.h>

#include <string>

namespace flowsell::crypto {
namespace {

class Seal : public testing::Test {
 protected:
  Key key_ = Key::random();
};

TEST_F(Seal, OpensWhatWasSealed) {
  for (const std::size_t size : {0U, 1U, 300U, 100'000U}) {
    const std::string text(size, 'x');
    const auto opened = open(key_, "row 1", seal(key_, "row 1", text));
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, text);
  }
}

TEST_F(Seal, AddsFortyBytes) { EXPECT_EQ(seal(key_, "", "abc").size(), 43U); }

TEST_F(Seal, SameTextIsNeverSealedTheSame) {
  EXPECT_NE(seal(key_, "", "abc"), seal(key_, "", "abc"));
}

TEST_F(Seal, AnotherBindingDoesNotOpen) {
  EXPECT_FALSE(open(key_, "row 2", seal(key_, "row 1", "abc")));
}

TEST_F(Seal, AnotherKeyDoesNotOpen) {
  EXPECT_FALSE(open(Key::random(), "", seal(key_, "", "abc")));
}

TEST_F(Seal, NoChangedByteOpens) {
  const std::string sealed = seal(key_, "", "abc");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open(key_, "", changed)) << i;
  }
}

TEST_F(Seal, NoShorterTextOpens) {
  const std::string sealed = seal(key_, "", "abc");
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(open(key_, "", sealed.substr(0, size))) << size;
}

TEST_F(Seal, FailureIsInternalAndSaysNothingOfTheText) {
  const auto opened = open(key_, "row 2", seal(key_, "row 1", "hush"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInternal);
  EXPECT_EQ(opened.error().detail.find("hush"), std::string::npos);
}

TEST(Key, RandomKeysDiffer) { EXPECT_NE(Key::random().bytes(), Key::random().bytes()); }

}  // namespace
}  // namespace flowsell::crypto
