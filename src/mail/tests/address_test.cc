#include "mail/address.h"

#include <gtest/gtest.h>

#include <string>

namespace flowsell::mail {
namespace {

struct AddressCase {
  const char* name;
  std::string address;
  bool ok;
};
class AddressTable : public testing::TestWithParam<AddressCase> {};

TEST_P(AddressTable, IsToldByItsForm) {
  EXPECT_EQ(is_valid_address(GetParam().address), GetParam().ok);
}

const std::string kLabel63(63, 'a');

INSTANTIATE_TEST_SUITE_P(
    Addresses, AddressTable,
    testing::Values(
        AddressCase{"Plain", "ann@example.com", true},
        AddressCase{"Tag", "ann.b+tag_1@mail.example.co.in", true},
        AddressCase{"AllAtomChars", "!#$%&'*+-/=?^_`{|}~@example.com", true},
        AddressCase{"PunycodeHost", "ann@xn--bcher-kva.example", true},
        AddressCase{"HyphenInTop", "ann@example.xn--p1ai", true},
        AddressCase{"LongestLocal", std::string(64, 'l') + "@example.com", true},
        AddressCase{"LocalTooLong", std::string(65, 'l') + "@example.com", false},
        AddressCase{"LongestLabel", "a@" + kLabel63 + ".com", true},
        AddressCase{"LabelTooLong", "a@" + kLabel63 + "a.com", false},
        AddressCase{"Longest",
                    "a@" + kLabel63 + "." + kLabel63 + "." + kLabel63 + "." + std::string(60, 'b'),
                    true},
        AddressCase{"TooLong",
                    "a@" + kLabel63 + "." + kLabel63 + "." + kLabel63 + "." + std::string(61, 'b'),
                    false},
        AddressCase{"Empty", "", false}, AddressCase{"NoAt", "example.com", false},
        AddressCase{"NoLocal", "@example.com", false}, AddressCase{"NoHost", "ann@", false},
        AddressCase{"TwoAts", "ann@b@example.com", false},
        AddressCase{"HostWithoutDot", "ann@localhost", false},
        AddressCase{"IpAddress", "ann@127.0.0.1", false},
        AddressCase{"AddressLiteral", "ann@[127.0.0.1]", false},
        AddressCase{"DotAtStart", ".ann@example.com", false},
        AddressCase{"DotAtEnd", "ann.@example.com", false},
        AddressCase{"TwoDots", "an..n@example.com", false},
        AddressCase{"HostEndsWithDot", "ann@example.com.", false},
        AddressCase{"HyphenAtStart", "ann@-example.com", false},
        AddressCase{"HyphenAtEnd", "ann@example-.com", false},
        AddressCase{"UnderscoreInHost", "ann@ex_ample.com", false},
        AddressCase{"Quoted", "\"ann\"@example.com", false},
        AddressCase{"Space", "an n@example.com", false},
        AddressCase{"SpaceAtStart", " ann@example.com", false},
        AddressCase{"Brackets", "<ann@example.com>", false},
        AddressCase{"Comma", "ann@example.com,bob@example.com", false},
        AddressCase{"LineFeed", "ann@example.com\nBcc: bob@example.com", false},
        AddressCase{"CarriageReturn", "ann@example.com\r", false},
        AddressCase{"LineBreakInLocal", "ann\r\n@example.com", false},
        AddressCase{"Nul", std::string("ann\0@example.com", 16), false},
        AddressCase{"NotAscii", "\xC3\xA4nn@example.com", false},
        AddressCase{"HostNotAscii",
                    "ann@b\xC3\xBC"
                    "cher.example",
                    false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(HostOf, IsBehindTheAt) { EXPECT_EQ(host_of("ann@mail.example.com"), "mail.example.com"); }

struct LineCase {
  const char* name;
  std::string text;
  bool ok;
};
class LineTable : public testing::TestWithParam<LineCase> {};

TEST_P(LineTable, IsToldByItsCharacters) { EXPECT_EQ(is_one_line(GetParam().text), GetParam().ok); }

INSTANTIATE_TEST_SUITE_P(
    Lines, LineTable,
    testing::Values(LineCase{"Ascii", "Ann's shop", true}, LineCase{"Empty", "", true},
                    LineCase{"Hindi", "\xE0\xA4\x85\xE0\xA4\xA8\xE0\xA4\xBF", true},
                    LineCase{"NoBreakSpace", "a\xC2\xA0z", true},
                    LineCase{"LineFeed", "a\nz", false}, LineCase{"CarriageReturn", "a\rz", false},
                    LineCase{"Tab", "a\tz", false}, LineCase{"Delete", "a\x7Fz", false},
                    LineCase{"Nul", std::string("a\0z", 3), false},
                    LineCase{"NextLine", "a\xC2\x85z", false},
                    LineCase{"LineSeparator", "a\xE2\x80\xA8z", false},
                    LineCase{"ParagraphSeparator", "a\xE2\x80\xA9z", false},
                    LineCase{"NoUtf8", "a\xFFz", false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::mail
