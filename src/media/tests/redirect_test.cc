#include "redirect.h"

#include <gtest/gtest.h>

namespace flowsell::media {
namespace {

std::string to(std::string_view location) {
  const auto from = *http::Url::parse("https://a.example/x/y?q=1");
  const auto url = redirect_of(from, location);
  return url ? url->str() : "-";
}

TEST(Redirect, LeadsWhereItsLocationSays) {
  EXPECT_EQ(to("https://b.example/z?s"), "https://b.example/z?s");
  EXPECT_EQ(to("http://127.0.0.1/z"), "http://127.0.0.1/z");  // the guard's to judge
  EXPECT_EQ(to("//b.example/z"), "https://b.example/z");
  EXPECT_EQ(to("/z#part"), "https://a.example/z");
  EXPECT_EQ(to("z"), "https://a.example/x/z");
  EXPECT_EQ(to("?r=2"), "https://a.example/x/y?r=2");
}

TEST(Redirect, LeadsNowhereElse) {
  EXPECT_EQ(to("ftp://b.example/z"), "-");
  EXPECT_EQ(to("file:///etc/passwd"), "-");
  EXPECT_EQ(to("https://user:word@b.example/"), "-");
}

TEST(Redirect, IsSomeStatuses) {
  EXPECT_TRUE(is_redirect(302));
  EXPECT_TRUE(is_redirect(308));
  EXPECT_FALSE(is_redirect(304));
  EXPECT_FALSE(is_redirect(200));
}

}  // namespace
}  // namespace flowsell::media
