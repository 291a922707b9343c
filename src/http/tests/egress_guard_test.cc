#include "http/egress_guard.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <string>

namespace flowsell::http {
namespace {

struct AddressCase {
  const char* address;
  bool is_public;
};

class PublicAddress : public testing::TestWithParam<AddressCase> {};

TEST_P(PublicAddress, IsJudgedByItsRange) {
  EXPECT_EQ(is_public_address(net::ip::make_address(GetParam().address)), GetParam().is_public);
}

// Each range: the address before it, its first, its last, the one after it.
constexpr AddressCase kV4[] = {
    {"0.0.0.0", false},         {"0.255.255.255", false},   {"1.0.0.0", true},
    {"9.255.255.255", true},    {"10.0.0.0", false},        {"10.255.255.255", false},
    {"11.0.0.0", true},         {"100.63.255.255", true},   {"100.64.0.0", false},
    {"100.127.255.255", false}, {"100.128.0.0", true},      {"126.255.255.255", true},
    {"127.0.0.0", false},       {"127.255.255.255", false}, {"128.0.0.0", true},
    {"169.253.255.255", true},  {"169.254.0.0", false},     {"169.254.169.254", false},
    {"169.254.255.255", false}, {"169.255.0.0", true},      {"172.15.255.255", true},
    {"172.16.0.0", false},      {"172.31.255.255", false},  {"172.32.0.0", true},
    {"191.255.255.255", true},  {"192.0.0.0", false},       {"192.0.0.255", false},
    {"192.0.1.0", true},        {"192.0.1.255", true},      {"192.0.2.0", false},
    {"192.0.2.255", false},     {"192.0.3.0", true},        {"192.88.98.255", true},
    {"192.88.99.0", false},     {"192.88.99.255", false},   {"192.88.100.0", true},
    {"192.167.255.255", true},  {"192.168.0.0", false},     {"192.168.255.255", false},
    {"192.169.0.0", true},      {"198.17.255.255", true},   {"198.18.0.0", false},
    {"198.19.255.255", false},  {"198.20.0.0", true},       {"198.51.99.255", true},
    {"198.51.100.0", false},    {"198.51.100.255", false},  {"198.51.101.0", true},
    {"203.0.112.255", true},    {"203.0.113.0", false},     {"203.0.113.255", false},
    {"203.0.114.0", true},      {"223.255.255.255", true},  {"224.0.0.0", false},
    {"239.255.255.255", false}, {"240.0.0.0", false},       {"255.255.255.255", false},
};
constexpr AddressCase kV6[] = {
    {"::", false},
    {"::1", false},
    {"::8.8.8.8", false},
    {"::ffff:8.8.8.8", true},
    {"::ffff:10.0.0.1", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:169.254.169.254", false},
    {"64:ff9b::8.8.8.8", false},
    {"64:ff9b:1::1", false},
    {"100::1", false},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2000::", true},
    {"2001::", false},
    {"2001:2::1", false},
    {"2001:10::1", false},
    {"2001:20::1", false},
    {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2001:200::", true},
    {"2001:4860:4860::8888", true},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:db8::", false},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2001:db9::", true},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"2002::", false},
    {"2002:a00:1::1", false},
    {"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2003::", true},
    {"2606:4700::1111", true},
    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"3fff::", false},
    {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"3fff:1000::", true},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"4000::", false},
    {"5f00::1", false},
    {"fc00::1", false},
    {"fdff:ffff::1", false},
    {"fe80::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
};
std::string address_name(const testing::TestParamInfo<AddressCase>& param_info) {
  std::string name(param_info.param.address);
  for (char& c : name) {
    if (c == '.') c = '_';
    if (c == ':') c = 'x';
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(V4, PublicAddress, testing::ValuesIn(kV4), address_name);
INSTANTIATE_TEST_SUITE_P(V6, PublicAddress, testing::ValuesIn(kV6), address_name);

bool is_allowed(EgressOptions options, std::string_view text) {
  const auto url = Url::parse(text);
  return url && EgressGuard(std::move(options)).check(*url);
}

struct UrlCase {
  const char* name;
  const char* url;
  bool allowed;
};

class EgressCheck : public testing::TestWithParam<UrlCase> {};

TEST_P(EgressCheck, ByDefault) { EXPECT_EQ(is_allowed({}, GetParam().url), GetParam().allowed); }

constexpr UrlCase kByDefault[] = {
    {"Https", "https://example.com/hook", true},
    {"PublicLiteral", "https://8.8.8.8/", true},
    {"PublicV6Literal", "https://[2606:4700::1111]/", true},
    {"PlainHttp", "http://example.com/", false},
    {"PlainHttpOn443", "http://example.com:443/", false},
    {"OtherPort", "https://example.com:8443/", false},
    {"PrivateLiteral", "https://10.1.2.3/", false},
    {"Metadata", "https://169.254.169.254/latest", false},
    {"LoopbackV6", "https://[::1]/", false},
    {"MappedLoopback", "https://[::ffff:127.0.0.1]/", false},
    {"MappedHex", "https://[::ffff:7f00:1]/", false},
    {"Localhost", "https://localhost/", false},
    {"LocalhostDot", "https://localhost./", false},
    {"BelowLocalhost", "https://a.localhost/", false},
    {"ShortLoopback", "https://127.1/", false},
    {"DecimalLoopback", "https://2130706433/", false},
    {"OctalLoopback", "https://0177.0.0.1/", false},
    {"HexLoopback", "https://0x7f000001/", false},
    {"HexOctet", "https://127.0.0.0x1/", false},
};
std::string url_name(const testing::TestParamInfo<UrlCase>& param_info) {
  return param_info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Table, EgressCheck, testing::ValuesIn(kByDefault), url_name);

TEST(EgressAllowed, AnExactPairMayBePrivateAndPlain) {
  EXPECT_TRUE(is_allowed({.allowed = {"10.0.0.5:8080"}}, "http://10.0.0.5:8080/"));
}
TEST(EgressAllowed, AnotherPortOfThePairIsNotAllowed) {
  EXPECT_FALSE(is_allowed({.allowed = {"10.0.0.5:8080"}}, "http://10.0.0.5:8081/"));
}
TEST(EgressAllowed, AV6PairMayHaveBrackets) {
  EXPECT_TRUE(is_allowed({.allowed = {"[::1]:8080"}}, "http://[::1]:8080/"));
}
TEST(EgressLoopback, EveryLoopbackAddressAndPort) {
  EXPECT_TRUE(is_allowed({.allow_loopback = true}, "http://127.8.9.1:65535/"));
}
TEST(EgressLoopback, TheNameToo) {
  EXPECT_TRUE(is_allowed({.allow_loopback = true}, "http://localhost:1/"));
}
TEST(EgressLoopback, ButNothingElsePrivate) {
  EXPECT_FALSE(is_allowed({.allow_loopback = true}, "http://10.0.0.1:80/"));
}
TEST(EgressPorts, AListedPortIsAllowed) {
  EXPECT_TRUE(is_allowed({.ports = {443, 8443}}, "https://example.com:8443/"));
}
TEST(EgressPorts, Port80AllowsPlainHttp) {
  EXPECT_TRUE(is_allowed({.ports = {80, 443}}, "http://example.com/"));
}

Result<std::vector<net::ip::address>> resolve(EgressOptions options, std::string_view text) {
  EgressGuard guard(std::move(options));
  net::io_context io(1);
  auto future = net::co_spawn(io, guard.resolve(*Url::parse(text)), net::use_future);
  io.run();
  return future.get();
}

TEST(EgressResolve, ALiteralIsItself) {
  const auto addresses = resolve({}, "https://8.8.8.8/");
  ASSERT_TRUE(addresses);
  EXPECT_EQ(addresses->front().to_string(), "8.8.8.8");
}

TEST(EgressResolve, AMappedLiteralIsItsV4Address) {
  const auto addresses = resolve({}, "https://[::ffff:8.8.8.8]/");
  ASSERT_TRUE(addresses);
  EXPECT_TRUE(addresses->front().is_v4());
}

TEST(EgressResolve, ARefusedUrlIsInvalid) {
  const auto addresses = resolve({}, "https://10.0.0.1/");
  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().code, ErrorCode::kInvalidRequest);
}

TEST(EgressResolve, ARefusalDoesNotShowTheAddress) {
  EXPECT_EQ(resolve({}, "https://10.0.0.1/").error().detail.find("10.0"), std::string::npos);
}

// getaddrinfo reads "127.1" as 127.0.0.1 without asking anybody.
TEST(EgressResolve, AnAllowedNameIsLookedUp) {
  const auto addresses = resolve({.allowed = {"127.1:80"}}, "http://127.1/");
  ASSERT_TRUE(addresses);
  EXPECT_EQ(addresses->front().to_string(), "127.0.0.1");
}

TEST(EgressResolve, WhatIsAllowedIsNotForWhatAnybodyNames) {
  EgressGuard guard({.allowed = {"10.0.0.5:8080"}, .allow_loopback = true});
  const auto is_public = [&guard](std::string_view text) {
    const auto now = guard.resolve_now(*Url::parse(text), Reach::kPublicOnly);
    return now && *now;
  };
  EXPECT_FALSE(is_public("http://10.0.0.5:8080/"));
  EXPECT_TRUE(is_public("https://8.8.8.8/"));
  EXPECT_TRUE(is_public("http://127.0.0.1:8080/"));  // the sandbox's
  EXPECT_TRUE(guard.resolve_now(*Url::parse("http://10.0.0.5:8080/"))->has_value());
}

TEST(EgressResolve, WhatWasLookedUpIsRemembered) {
  EgressGuard guard({.allowed = {"127.1:80"}});
  const Url url = *Url::parse("http://127.1/");
  net::io_context io(1);
  auto future = net::co_spawn(io, guard.resolve(url), net::use_future);
  io.run();
  future.get();
  EXPECT_TRUE(guard.resolve_now(url));
}

TEST(EgressResolve, ANameOfAPrivateAddressIsRefused) {
  std::array<char, 256> name{};
  ASSERT_EQ(::gethostname(name.data(), name.size() - 1), 0);
  const auto addresses = resolve({}, "https://" + std::string(name.data()) + "/");
  if (addresses || addresses.error().code == ErrorCode::kProviderUnreachable) {
    GTEST_SKIP() << "this machine's name has no private address";
  }
  EXPECT_EQ(addresses.error().detail,
            "the URL is refused: its host resolves to an address that is not public");
}

// RFC 6761: ".invalid" never resolves.
TEST(EgressResolve, ANameWithoutAddressIsUnreachable) {
  const auto addresses = resolve({}, "https://nobody.invalid/");
  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().code, ErrorCode::kProviderUnreachable);
}

TEST(EgressResolve, ADeadlineInThePastEndsTheWait) {
  EgressGuard guard({});
  net::io_context io(1);
  auto future = net::co_spawn(
      io, guard.resolve(*Url::parse("https://nobody.invalid/"), SteadyTime{}), net::use_future);
  io.run();
  EXPECT_EQ(future.get().error().code, ErrorCode::kProviderUnreachable);
}

TEST(EgressResolve, AnUnknownNameIsNotAnsweredWithoutALookUp) {
  EgressGuard guard({});
  EXPECT_FALSE(guard.resolve_now(*Url::parse("https://nobody.invalid/")));
}

}  // namespace
}  // namespace flowsell::http
