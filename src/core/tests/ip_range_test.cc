#include "core/ip_range.h"

#include <gtest/gtest.h>

#include <vector>

namespace flowsell {
namespace {

TEST(IpRange, HasTheAddressesOfItsPrefix) {
  const auto range = IpRange::parse("203.0.113.0/24");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains("203.0.113.0"));
  EXPECT_TRUE(range->contains("203.0.113.255"));
  EXPECT_FALSE(range->contains("203.0.114.0"));
}

TEST(IpRange, PrefixMayEndInTheMiddleOfAByte) {
  const auto range = IpRange::parse("10.16.0.0/12");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains("10.31.255.255"));
  EXPECT_FALSE(range->contains("10.32.0.0"));
}

TEST(IpRange, SingleAddressIsOnlyItself) {
  const auto range = IpRange::parse("198.51.100.7");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains("198.51.100.7"));
  EXPECT_FALSE(range->contains("198.51.100.6"));
}

TEST(IpRange, Ipv6Works) {
  const auto range = IpRange::parse("2001:db8::/32");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains("2001:db8:ffff::1"));
  EXPECT_FALSE(range->contains("2001:db9::1"));
}

TEST(IpRange, Ipv4OverIpv6IsThatIpv4) {
  EXPECT_TRUE(IpRange::parse("203.0.113.0/24")->contains("::ffff:203.0.113.9"));
}

TEST(IpRange, AllOfIpv4LeavesOutIpv6) {
  const auto range = IpRange::parse("0.0.0.0/0");
  ASSERT_TRUE(range);
  EXPECT_TRUE(range->contains("8.8.8.8"));
  EXPECT_FALSE(range->contains("2001:db8::1"));
}

TEST(IpRange, AllOfIpv6HasIpv4Too) { EXPECT_TRUE(IpRange::parse("::/0")->contains("8.8.8.8")); }

TEST(IpRange, WhatIsNoAddressIsInNone) {
  EXPECT_FALSE(IpRange::parse("0.0.0.0/0")->contains(""));
  EXPECT_FALSE(IpRange::parse("::/0")->contains("localhost"));
}

class Refused : public testing::TestWithParam<const char*> {};
TEST_P(Refused, IsNoRange) { EXPECT_FALSE(IpRange::parse(GetParam())); }
INSTANTIATE_TEST_SUITE_P(IpRange, Refused,
                         testing::Values("", "/24", "203.0.113.1/24", "203.0.113.0/33",
                                         "203.0.113.0/", "203.0.113.0/-1", "203.0.113/24",
                                         "203.0.113.0/24/8", "2001:db8::1/32", "::/129", "host",
                                         "203.0.113.0 /24", "203.0.113.0/+24"));

class Round : public testing::TestWithParam<const char*> {};
TEST_P(Round, IsWrittenAsRead) { EXPECT_EQ(IpRange::parse(GetParam())->str(), GetParam()); }
INSTANTIATE_TEST_SUITE_P(IpRange, Round,
                         testing::Values("203.0.113.0/24", "198.51.100.7", "2001:db8::/32", "::/0",
                                         "0.0.0.0/0", "2001:db8::1"));

TEST(IsIn, OneOfThemIsEnough) {
  const std::vector<IpRange> ranges = {*IpRange::parse("10.0.0.0/8"), *IpRange::parse("::1")};
  EXPECT_TRUE(is_in(ranges, "::1"));
  EXPECT_TRUE(is_in(ranges, "10.1.2.3"));
  EXPECT_FALSE(is_in(ranges, "11.1.2.3"));
  EXPECT_FALSE(is_in({}, "10.1.2.3"));
}

TEST(NetworkOf, IsWhatOneHouseholdHas) {
  EXPECT_EQ(network_of("203.0.113.77"), "203.0.113.0");
  EXPECT_EQ(network_of("::ffff:203.0.113.77"), "203.0.113.0");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(network_of("unknown"), "unknown");
}

}  // namespace
}  // namespace flowsell
