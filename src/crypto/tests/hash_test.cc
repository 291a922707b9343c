#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/encoding.h"

namespace flowsell::crypto {
namespace {

// Source of the vectors: FIPS 180-4 examples.
TEST(Sha256, MatchesTheStandardsExamples) {
  EXPECT_EQ(hex_encode(sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_encode(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, GivesTheSameOnEveryThread) {
  std::vector<Digest> digests(8);
  {
    std::vector<std::jthread> threads;
    for (Digest& digest : digests) {
      threads.emplace_back([&digest] {
        for (int i = 0; i < 1000; ++i) digest = sha256("same");
      });
    }
  }
  EXPECT_TRUE(std::ranges::all_of(digests, [](const Digest& d) { return d == sha256("same"); }));
}

struct HmacCase {
  const char* name;
  std::string key, data, hex;
};
class HmacSha256 : public testing::TestWithParam<HmacCase> {};
TEST_P(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(hex_encode(hmac_sha256(GetParam().key, {GetParam().data})), GetParam().hex);
}
INSTANTIATE_TEST_SUITE_P(
    Rfc4231, HmacSha256,
    testing::Values(HmacCase{"Case1", std::string(20, '\x0b'), "Hi There",
                             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
                    HmacCase{"Case2", "Jefe", "what do ya want for nothing?",
                             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
                    HmacCase{"Case3", std::string(20, '\xaa'), std::string(50, '\xdd'),
                             "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
                    HmacCase{"KeyLongerThanABlock", std::string(131, '\xaa'),
                             "Test Using Larger Than Block-Size Key - Hash Key First",
                             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(HmacSha256, PartsCountAsOneText) {
  EXPECT_EQ(hmac_sha256("k", {"ab", "", "c"}), hmac_sha256("k", {"abc"}));
}

TEST(HmacSha256, KeyOfOneBlockIsUsedAsItIs) {
  EXPECT_NE(hmac_sha256(std::string(64, 'k'), {"x"}),
            hmac_sha256(as_text(sha256(std::string(64, 'k'))), {"x"}));
  EXPECT_EQ(hmac_sha256(std::string(65, 'k'), {"x"}),
            hmac_sha256(as_text(sha256(std::string(65, 'k'))), {"x"}));
}

TEST(HmacSha1, MatchesRfc2202) {
  EXPECT_EQ(hex_encode(hmac_sha1(std::string(20, '\x0b'), "Hi There")),
            "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(hex_encode(hmac_sha1("Jefe", "what do ya want for nothing?")),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST(KeyedHash, DependsOnKeyAndText) {
  const std::array<std::uint8_t, 32> zero{};
  std::array<std::uint8_t, 32> one{};
  one[31] = 1;
  const std::set<Digest> all = {keyed_hash(zero, {"a"}), keyed_hash(one, {"a"}),
                                keyed_hash(zero, {"b"})};
  EXPECT_EQ(all.size(), 3U);
}

TEST(KeyedHash, PartsCountAsOneText) {
  const std::array<std::uint8_t, 32> key{};
  EXPECT_EQ(keyed_hash(key, {"ab", "c"}), keyed_hash(key, {"a", "bc"}));
}

TEST(ConstantTimeEqual, ComparesTextsOfAnyLength) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "abcd"));
}

TEST(Crc32, MatchesTheCheckValue) { EXPECT_EQ(crc32("123456789"), 0xCBF43926U); }

struct Base62Case {
  std::uint64_t value;
  std::size_t width;
  const char* text;
};
class Base62 : public testing::TestWithParam<Base62Case> {};
TEST_P(Base62, IsBigEndianAndPadded) {
  EXPECT_EQ(base62(GetParam().value, GetParam().width), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(Table, Base62,
                         testing::Values(Base62Case{0, 0, ""}, Base62Case{0, 3, "000"},
                                         Base62Case{61, 1, "z"}, Base62Case{62, 1, "10"},
                                         Base62Case{62, 6, "000010"},
                                         Base62Case{0xFFFFFFFF, 6, "4gfFC3"},
                                         Base62Case{UINT64_MAX, 11, "LygHa16AHYF"}));

TEST(RandomBase62, HasTheAskedLength) {
  for (const std::size_t length : {0U, 1U, 32U, 33U, 100U})
    EXPECT_EQ(random_base62(length).size(), length);
}

TEST(RandomBase62, UsesTheWholeAlphabetAndNothingElse) {
  const std::string text = random_base62(20'000);
  const std::set<char> used(text.begin(), text.end());
  EXPECT_EQ(used.size(), 62U);
  EXPECT_TRUE(std::ranges::all_of(used, [](unsigned char c) { return std::isalnum(c) != 0; }));
}

TEST(RandomBase62, DoesNotRepeat) { EXPECT_NE(random_base62(32), random_base62(32)); }

}  // namespace
}  // namespace flowsell::crypto
