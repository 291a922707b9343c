#include "http/url.h"

#include <gtest/gtest.h>

namespace flowsell::http {
namespace {

TEST(UrlParse, SplitsHostPortAndTarget) {
  const auto url = Url::parse("https://Example.COM:8443/a/b?c=d&e");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b?c=d&e");
}

TEST(UrlParse, HttpsHasItsPort) { EXPECT_EQ(Url::parse("https://a.example")->port, 443); }
TEST(UrlParse, HttpHasItsPort) { EXPECT_EQ(Url::parse("http://a.example")->port, 80); }
TEST(UrlParse, AnEmptyPathIsTheRoot) { EXPECT_EQ(Url::parse("https://a.example")->target, "/"); }
TEST(UrlParse, AQueryWithoutPathKeepsTheRoot) {
  EXPECT_EQ(Url::parse("https://a.example?b=c")->target, "/?b=c");
}
TEST(UrlParse, AV6HostLosesItsBrackets) {
  EXPECT_EQ(Url::parse("https://[2001:DB8::1]/")->host, "2001:db8::1");
}
TEST(UrlParse, TheRootsDotIsDropped) {
  EXPECT_EQ(Url::parse("https://a.example./")->host, "a.example");
}
TEST(UrlStr, LeavesOutTheSchemesOwnPort) {
  EXPECT_EQ(Url::parse("https://a.example:443/x")->str(), "https://a.example/x");
}
TEST(UrlStr, KeepsAnotherPort) {
  EXPECT_EQ(Url::parse("http://a.example:81/x")->str(), "http://a.example:81/x");
}
TEST(UrlStr, PutsBracketsAroundV6) {
  EXPECT_EQ(Url::parse("http://[::1]:81/")->origin(), "http://[::1]:81");
}

TEST(UrlParse, TheLongestIsRead) {
  EXPECT_TRUE(Url::parse("https://a.example/" + std::string(2048 - 18, 'p')));
}
TEST(UrlParse, OneByteMoreIsRefused) {
  EXPECT_FALSE(Url::parse("https://a.example/" + std::string(2049 - 18, 'p')));
}

struct RefusedUrl {
  const char* name;
  const char* text;
};
class UrlRefuses : public testing::TestWithParam<RefusedUrl> {};
TEST_P(UrlRefuses, AsInvalid) {
  const auto url = Url::parse(GetParam().text);
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().code, ErrorCode::kInvalidRequest);
}
constexpr RefusedUrl kRefused[] = {
    {"Empty", ""},
    {"Relative", "/a"},
    {"NoScheme", "a.example/"},
    {"Ftp", "ftp://a.example/"},
    {"File", "file:///etc/passwd"},
    {"NoAuthority", "https:/a"},
    {"NoHost", "https:///a"},
    {"User", "https://user@a.example/"},
    {"Password", "https://user:pw@a.example/"},
    {"EmptyUser", "https://@a.example/"},
    {"Fragment", "https://a.example/#x"},
    {"Newline", "https://a.example/\r\nX: y"},
    {"Space", "https://a.example/a b"},
    {"Tab", "https://a.example/\ta"},
    {"NotAscii",
     "https://b\xc3\xbc"
     "cher.example/"},
    {"EncodedHost", "https://a%2eexample/"},
    {"EmptyLabel", "https://a..example/"},
    {"PortTooLarge", "https://a.example:65536/"},
    {"PortZero", "https://a.example:0/"},
    {"PortNotANumber", "https://a.example:x/"},
    {"LettersBehindThePort", "https://a.example:80x/"},
    {"TwoPorts", "https://a.example:1:2/"},
    {"LettersBehindV6", "https://[::1]x/"},
    {"ZoneOfV6", "https://[fe80::1%25eth0]/"},
    {"Backslash", "https://a.example\\b/"},
    {"HostWithSymbols", "https://a$b.example/"},
};
INSTANTIATE_TEST_SUITE_P(Table, UrlRefuses, testing::ValuesIn(kRefused),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::http
