#include "cbor.h"

#include <gtest/gtest.h>

#include <string>

#include "core/encoding.h"

namespace flowsell::passkeys {
namespace {

std::string bytes(std::string_view hex) { return hex_decode(hex).value(); }

struct Item {
  const char* name;
  const char* hex;
};
std::string name_of(const testing::TestParamInfo<Item>& param_info) {
  return param_info.param.name;
}

class SoundItem : public testing::TestWithParam<Item> {};
TEST_P(SoundItem, IsReadWhole) {
  const std::string item = bytes(GetParam().hex);
  const std::string all = item + "behind";
  CborReader in(all);
  EXPECT_EQ(in.item(), item);
  EXPECT_EQ(in.rest(), "behind");
}
INSTANTIATE_TEST_SUITE_P(
    Table, SoundItem,
    testing::Values(Item{"Zero", "00"}, Item{"LargestInTheHead", "17"},
                    Item{"OneByteBehind", "1818"}, Item{"TwoBytesBehind", "190100"},
                    Item{"FourBytesBehind", "1a00010000"},
                    Item{"EightBytesBehind", "1b0000000100000000"}, Item{"Negative", "20"},
                    Item{"NoBytes", "40"}, Item{"Bytes", "43000102"}, Item{"Text", "63e282ac"},
                    Item{"List", "83010203"}, Item{"Map", "a2616101616202"},
                    Item{"MapInAnyOrder", "a2616201616102"}, Item{"False", "f4"},
                    Item{"True", "f5"}, Item{"Null", "f6"},
                    Item{"EightDeep", "818181818181818100"}),
    name_of);

class UnsoundItem : public testing::TestWithParam<Item> {};
TEST_P(UnsoundItem, IsRefused) {
  const std::string item = bytes(GetParam().hex);
  EXPECT_EQ(CborReader(item).item(), std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(
    Table, UnsoundItem,
    testing::Values(Item{"Nothing", ""}, Item{"OneByteForASmallNumber", "1817"},
                    Item{"TwoBytesForOne", "1900ff"}, Item{"FourForTwo", "1a0000ffff"},
                    Item{"EightForFour", "1b00000000ffffffff"}, Item{"CutNumber", "19"},
                    Item{"ReservedLength", "1c"}, Item{"CutBytes", "42ff"},
                    Item{"MoreBytesThanThereAre", "5bffffffffffffffff"},
                    Item{"MoreItemsThanThereAre", "9bffffffffffffffff"},
                    Item{"MorePairsThanAreTaken", "b841"}, Item{"BytesWithoutEnd", "5f41ff"},
                    Item{"ListWithoutEnd", "9f00ff"}, Item{"MapWithoutEnd", "bfff"},
                    Item{"Break", "ff"}, Item{"NoUtf8", "61ff"}, Item{"KeyTwice", "a2616101616102"},
                    Item{"CutMap", "a161"}, Item{"Tag", "c000"}, Item{"Half", "f90000"},
                    Item{"Float", "fa00000000"}, Item{"Undefined", "f7"}, Item{"Simple", "f820"},
                    Item{"NineDeep", "81818181818181818100"}),
    name_of);

TEST(Cbor, NumbersAreThoseOf64Bits) {
  EXPECT_EQ(CborReader(bytes("1903e8")).integer(), 1000);
  EXPECT_EQ(CborReader(bytes("3903e7")).integer(), -1000);
  EXPECT_EQ(CborReader(bytes("1b7fffffffffffffff")).integer(), INT64_MAX);
  EXPECT_EQ(CborReader(bytes("3b7fffffffffffffff")).integer(), INT64_MIN);
  EXPECT_EQ(CborReader(bytes("1b8000000000000000")).integer(), std::nullopt);
}

TEST(Cbor, NothingIsReadAsAnotherKind) {
  EXPECT_EQ(CborReader(bytes("4161")).text(), std::nullopt);
  EXPECT_EQ(CborReader(bytes("6161")).byte_string(), std::nullopt);
  EXPECT_EQ(CborReader(bytes("00")).map(), std::nullopt);
  EXPECT_EQ(CborReader(bytes("40")).integer(), std::nullopt);
}

}  // namespace
}  // namespace flowsell::passkeys
