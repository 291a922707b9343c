#include "oauth_query.h"

#include <gtest/gtest.h>

namespace flowsell::onboarding {
namespace {

TEST(OauthQuery, ACodeComesWithItsState) {
  const auto answer = read_oauth_query("code=AQ%2Fb&state=s1&unknown=1");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code.reveal(), "AQ/b");
  EXPECT_EQ(answer->state, "s1");
  EXPECT_FALSE(answer->is_denied);
}

TEST(OauthQuery, ADenialIsOne) {
  const auto answer =
      read_oauth_query("error=access_denied&error_code=200&error_reason=user_denied&state=s1");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_denied);
  EXPECT_TRUE(answer->code.empty());
}

TEST(OauthQuery, WhatIsBrokenIsRefused) {
  for (const std::string& query :
       {std::string("code=%zz"), std::string("code=a&code=b"), "code=" + std::string(9000, 'a')}) {
    EXPECT_FALSE(read_oauth_query(query)) << query.substr(0, 40);
  }
}

TEST(OauthQuery, NothingIsNothing) {
  const auto answer = read_oauth_query("");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->code.empty());
  EXPECT_TRUE(answer->state.empty());
}

}  // namespace
}  // namespace flowsell::onboarding
