#include "team/policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "team_world.h"

namespace flowsell::team {
namespace {

using identity::Mode;
using identity::Role;
using testing::ElementsAre;
using testing::IsEmpty;
using testkit::code_of;

class PoliciesTest : public testing::Test {
 protected:
  By owner() { return world_.by(world_.owner, Role::kOwner); }
  Result<KeyDesk::Made> make_key(Mode mode) {
    KeyDesk::Draft draft{"a key", mode, {identity::Scope::kMessagesSend}, {}};
    return world_.run(desk_.create(owner(), std::move(draft), std::nullopt));
  }

  TeamWorld world_;
  Policies policies_{*world_.db, world_.ids, world_.clock};
  KeyDesk desk_{*world_.db, world_.api_keys, world_.idempotency,
                world_.ids, world_.clock,    "2026-11"};
};

TEST_F(PoliciesTest, OwnerAcceptsAVersionOnce) {
  const auto first = world_.run(policies_.accept(owner(), "2026-11"));
  ASSERT_TRUE(first && first->is_new);
  const auto again = world_.run(policies_.accept(owner(), "2026-11"));
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->acceptance.id, first->acceptance.id);
  EXPECT_THAT(world_.act_names(), ElementsAre("provider_policies.accepted"));
  EXPECT_EQ(world_.acts().front().origin.address, "203.0.113.9");
}

TEST_F(PoliciesTest, EveryVersionIsKept) {
  ASSERT_TRUE(world_.run(policies_.accept(owner(), "2025-01")));
  ASSERT_TRUE(world_.run(policies_.accept(owner(), "2026-11")));
  const auto all = world_.run(policies_.list(world_.workspace));
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().version, "2026-11");
  EXPECT_EQ(all->front().user, world_.owner);
}

TEST_F(PoliciesTest, OnlyAnOwnerAccepts) {
  for (const Role role : {Role::kAdmin, Role::kDeveloper, Role::kBilling, Role::kViewer}) {
    EXPECT_EQ(code_of(world_.run(policies_.accept(world_.by(world_.user(), role), "2026-11"))),
              ErrorCode::kInsufficientScope);
  }
  EXPECT_THAT(*world_.run(policies_.list(world_.workspace)), IsEmpty());
}

TEST_F(PoliciesTest, LiveKeyNeedsTheVersionInForce) {
  EXPECT_EQ(code_of(make_key(Mode::kLive)), ErrorCode::kTermsNotAccepted);
  EXPECT_TRUE(make_key(Mode::kTest));
  ASSERT_TRUE(world_.run(policies_.accept(owner(), "2025-01")));
  EXPECT_EQ(code_of(make_key(Mode::kLive)), ErrorCode::kTermsNotAccepted);
  ASSERT_TRUE(world_.run(policies_.accept(owner(), "2026-11")));
  EXPECT_TRUE(make_key(Mode::kLive));
}

TEST_F(PoliciesTest, WhatIsLiveWithoutAKeyNeedsItToo) {
  Policies asking(*world_.db, world_.ids, world_.clock, "2026-11");
  EXPECT_EQ(code_of(world_.run(asking.require(world_.workspace))), ErrorCode::kTermsNotAccepted);
  ASSERT_TRUE(world_.run(asking.accept(owner(), "2026-11")));
  EXPECT_TRUE(world_.run(asking.require(world_.workspace)));
  EXPECT_TRUE(world_.run(policies_.require(world_.ids.next<IdKind::kWorkspace>())));
}

TEST_F(PoliciesTest, AnotherWorkspacesAcceptanceDoesNotCount) {
  ASSERT_TRUE(world_.run(policies_.accept(owner(), "2026-11")));
  world_.workspace = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_of(make_key(Mode::kLive)), ErrorCode::kTermsNotAccepted);
}

TEST_F(PoliciesTest, LiveKeyThatIsThereCanBeRotated) {
  ASSERT_TRUE(world_.run(policies_.accept(owner(), "2026-11")));
  const auto made = make_key(Mode::kLive);
  KeyDesk later(*world_.db, world_.api_keys, world_.idempotency, world_.ids, world_.clock,
                "2027-05");
  EXPECT_TRUE(
      world_.run(later.rotate(owner(), made->key.id, std::chrono::seconds(0), std::nullopt)));
}

}  // namespace
}  // namespace flowsell::team
