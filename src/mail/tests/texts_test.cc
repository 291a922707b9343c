#include "mail/texts.h"

#include <gtest/gtest.h>

namespace flowsell::mail {
namespace {

TEST(Texts, TokenIsBehindTheNumberSign) {
  EXPECT_EQ(token_link("https://connect.example", "/reset", Secret("abc")).reveal(),
            "https://connect.example/reset#token=abc");
}

TEST(Texts, TimeIsToTheMinute) {
  EXPECT_EQ(minute_text(from_unix_ms(1'795'000'000'000)).reveal(), "2026-11-18 11:06 UTC");
}

}  // namespace
}  // namespace flowsell::mail
