#include "values.h"

#include <gtest/gtest.h>

namespace flowsell::config {
namespace {

TEST(ParseNumber, TakesBothEndsOfItsRange) {
  EXPECT_EQ(parse_number("1", {1, 5}).value(), 1);
  EXPECT_EQ(parse_number("5", {1, 5}).value(), 5);
}

TEST(ParseNumber, RefusesOneBelowAndOneAbove) {
  EXPECT_FALSE(parse_number("0", {1, 5}));
  EXPECT_FALSE(parse_number("6", {1, 5}));
}

TEST(ParseNumber, RefusesWhatIsNotOnlyDigits) {
  for (const char* text : {"", " 1", "1 ", "1s", "0x1", "1.0", "+1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_number(text, {0, 100})) << text;
  }
}

TEST(ParseNumber, SaysTheRangeAndNotTheText) {
  EXPECT_EQ(parse_number("hunter2", {1, 5}).error().detail, "expected a whole number from 1 to 5");
}

TEST(ParseSwitch, KnowsTwoWords) {
  EXPECT_TRUE(parse_switch("true").value());
  EXPECT_FALSE(parse_switch("false").value());
  EXPECT_FALSE(parse_switch("yes"));
  EXPECT_FALSE(parse_switch(""));
}

struct AddressCase {
  const char* text;
  const char* address;  ///< nullptr: refused
  int port;
};

class ParseListenAddress : public testing::TestWithParam<AddressCase> {};

TEST_P(ParseListenAddress, Table) {
  const auto parsed = parse_listen_address(GetParam().text);
  ASSERT_EQ(parsed.has_value(), GetParam().address != nullptr) << GetParam().text;
  if (!parsed) return;
  EXPECT_EQ(parsed->address, GetParam().address);
  EXPECT_EQ(parsed->port, GetParam().port);
  EXPECT_EQ(parsed->str(), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseListenAddress,
    testing::Values(
        AddressCase{"127.0.0.1:8080", "127.0.0.1", 8080}, AddressCase{"0.0.0.0:0", "0.0.0.0", 0},
        AddressCase{"127.0.0.1:65535", "127.0.0.1", 65535}, AddressCase{"[::1]:80", "::1", 80},
        AddressCase{"127.0.0.1:65536", nullptr, 0}, AddressCase{"127.0.0.1", nullptr, 0},
        AddressCase{"127.0.0.1:", nullptr, 0}, AddressCase{":8080", nullptr, 0},
        AddressCase{"::1:8080", nullptr, 0}, AddressCase{"[::g]:8080", nullptr, 0},
        AddressCase{"localhost:8080", nullptr, 0}, AddressCase{"1.2.3:80", nullptr, 0}));

TEST(ListenAddress, KnowsLoopback) {
  EXPECT_TRUE((ListenAddress{"127.0.0.1", 1}.is_loopback()));
  EXPECT_TRUE((ListenAddress{"127.9.9.9", 1}.is_loopback()));
  EXPECT_TRUE((ListenAddress{"::1", 1}.is_loopback()));
  EXPECT_FALSE((ListenAddress{"0.0.0.0", 1}.is_loopback()));
  EXPECT_FALSE((ListenAddress{"::", 1}.is_loopback()));
}

TEST(ParseTarget, TakesNamesAndAddressesWithAPort) {
  for (const char* text : {"localhost:9000", "10.0.0.7:1", "[fd00::1]:65535", "a-b.example:80"}) {
    EXPECT_TRUE(parse_target(text)) << text;
  }
}

TEST(ParseTarget, RefusesTheRest) {
  for (const char* text : {"", "localhost", "localhost:", ":80", "localhost:0", "localhost:65536",
                           "http://localhost:80", "a b:80", "fd00::1:80"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(ParseBaseUrl, TakesAbsoluteUrls) {
  for (const char* text : {"https://graph.facebook.com/v25.0", "http://127.0.0.1:9000",
                           "http://[::1]:9000/x", "https://[::1]", ""}) {
    EXPECT_TRUE(parse_base_url(text)) << text;
  }
}

TEST(ParseBaseUrl, RefusesTheRest) {
  for (const char* text :
       {"graph.facebook.com", "ftp://a", "https://", "https:///v1", "https://a/", "https://a/?b",
        "https://a/#b", "https://user@a", "https://a:0", "https://a:x", "https://a b"}) {
    EXPECT_FALSE(parse_base_url(text)) << text;
  }
}

TEST(ParseServerName, TakesWhatABalancerCanWrite) {
  for (const std::string& text : {std::string(), std::string("connectd-1"),
                                  std::string("10.0.0.2:8080"), std::string(64, 'a')}) {
    EXPECT_EQ(parse_server_name(text).value(), text);
  }
}

TEST(ParseServerName, RefusesWhatEndsAHeaderFieldOrAWord) {
  for (const std::string& text : {std::string("a b"), std::string("a\r\nb"), std::string("a,b"),
                                  std::string("\xc3\xa4"), std::string(65, 'a')}) {
    EXPECT_FALSE(parse_server_name(text)) << text;
  }
}

TEST(HostOf, IsWithoutPortAndBrackets) {
  EXPECT_EQ(host_of("http://localhost:1/x"), "localhost");
  EXPECT_EQ(host_of("https://[::1]:80"), "::1");
  EXPECT_EQ(host_of("https://example.com"), "example.com");
}

TEST(IsLoopbackHost, DoesNotTrustANameThatOnlyBeginsLikeOne) {
  EXPECT_TRUE(is_loopback_host("127.0.0.1"));
  EXPECT_TRUE(is_loopback_host("localhost"));
  EXPECT_FALSE(is_loopback_host("127.0.0.1.example.com"));
  EXPECT_FALSE(is_loopback_host("localhost.example.com"));
}

TEST(ParseKey, TakesExactly64HexadecimalDigitsOrNothing) {
  EXPECT_EQ(parse_key(std::string(64, 'a')).value().size(), 64U);
  EXPECT_TRUE(parse_key("").value().empty());
  EXPECT_FALSE(parse_key(std::string(63, 'a')));
  EXPECT_FALSE(parse_key(std::string(65, 'a')));
  EXPECT_FALSE(parse_key(std::string(64, 'g')));
}

TEST(SplitList, CutsBlanksAndKeepsEmptyItems) {
  EXPECT_EQ(split_list("a, b ,c"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(split_list("a,"), (std::vector<std::string>{"a", ""}));
  EXPECT_TRUE(split_list("").empty());
}

}  // namespace
}  // namespace flowsell::config
