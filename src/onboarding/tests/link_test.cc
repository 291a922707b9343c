#include "link.h"

#include <gtest/gtest.h>

#include "core/time.h"

namespace flowsell::onboarding {
namespace {

const ManualClock kClock{from_unix_ms(1'795'000'000'000)};

TEST(Link, NamesItsWorkspaceAndHashesToWhatIsStored) {
  IdSource ids(kClock);
  const auto workspace = ids.next<IdKind::kWorkspace>();
  const Secret link = Link::make(workspace);
  const auto parsed = Link::parse(link.reveal());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->workspace, workspace);
  EXPECT_EQ(parsed->hash, crypto::sha256(link.reveal()));
}

TEST(Link, NoTwoAreTheSame) {
  IdSource ids(kClock);
  const auto workspace = ids.next<IdKind::kWorkspace>();
  EXPECT_NE(Link::make(workspace).reveal(), Link::make(workspace).reveal());
}

TEST(Link, WhatCantBeOneIsNone) {
  IdSource ids(kClock);
  const std::string good(Link::make(ids.next<IdKind::kWorkspace>()).reveal());
  for (const std::string& text : {std::string(), std::string("oauth"), good.substr(1), good + "x",
                                  "U" + good.substr(1), "8" + good.substr(1)}) {
    EXPECT_FALSE(Link::parse(text)) << text;
  }
}

}  // namespace
}  // namespace flowsell::onboarding
