#include "operators/operators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "staff_world.h"

namespace flowsell::operators {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testkit::code_of;

const store::Sql kInsertSession(
    "INSERT INTO sessions (id, user_id, token_hash, created_at, seen_at, expires_at, address, "
    "user_agent) VALUES (?1, ?2, ?3, ?4, ?4, ?4, '', 'a browser')");

class OperatorsTest : public testing::Test {
 protected:
  OperatorsTest() {
    if (!world_.staff.put_superadmin(root_)) throw std::runtime_error("no superadmin");
  }
  std::optional<Role> role_of(const UserId& user) {
    const auto found = world_.run(world_.staff.find(user));
    return found && *found ? std::optional((*found)->role) : std::nullopt;
  }
  UserId add(Role role) {
    const UserId user = world_.user();
    if (!world_.run(world_.staff.add(world_.by(root_), user, role)))
      throw std::runtime_error("no operator");
    return user;
  }
  Result<Operator> change(const UserId& by, const UserId& user, Operators::Change wanted) {
    return world_.run(world_.staff.change(world_.by(by), user, wanted));
  }
  StaffWorld world_;
  UserId root_ = world_.user();
};

TEST_F(OperatorsTest, UserWhoWasNotAddedIsNone) { EXPECT_EQ(role_of(world_.user()), std::nullopt); }

TEST_F(OperatorsTest, OneWhoWasAddedHasHisRole) {
  const UserId user = add(Role::kOnboarding);
  EXPECT_EQ(role_of(user), Role::kOnboarding);
  const auto all = world_.run(world_.staff.list());
  ASSERT_TRUE(all);
  ASSERT_THAT(*all, SizeIs(2));
  EXPECT_EQ(all->back().made_by, root_.str());
  EXPECT_EQ(code_of(world_.run(world_.staff.add(world_.by(root_), user, Role::kBilling))),
            ErrorCode::kConflict);
}

TEST_F(OperatorsTest, DisabledOneIsNoneUntilHeIsEnabled) {
  const UserId user = add(Role::kSupport);
  const auto off = change(root_, user, {.role = std::nullopt, .disabled = true});
  ASSERT_TRUE(off);
  EXPECT_EQ(off->disabled_at, world_.clock.now());
  EXPECT_EQ(role_of(user), std::nullopt);
  ASSERT_TRUE(change(root_, user, {.role = std::nullopt, .disabled = false}));
  EXPECT_EQ(role_of(user), Role::kSupport);
}

TEST_F(OperatorsTest, WhoGetsOtherRightsProvesAnewWhoHeIs) {
  const UserId user = world_.user();
  const auto sessions = [&] {
    return testkit::texts(*world_.db, store::Sql("SELECT user_agent FROM sessions")).size();
  };
  const auto enter = [&] {
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
      return db.write(kInsertSession, {world_.ids.next<IdKind::kSession>(), user,
                                       store::Param::blob(user.blob()), world_.clock.now()});
    }));
    ASSERT_EQ(sessions(), 1U);
  };
  enter();
  ASSERT_TRUE(world_.run(world_.staff.add(world_.by(root_), user, Role::kSupport)));
  EXPECT_EQ(sessions(), 0U);
  enter();
  ASSERT_TRUE(change(root_, user, {.role = Role::kBilling, .disabled = std::nullopt}));
  EXPECT_EQ(sessions(), 0U);
  enter();
  ASSERT_TRUE(world_.staff.put_superadmin(user));
  EXPECT_EQ(sessions(), 0U);
}

TEST_F(OperatorsTest, RemovedOneIsNone) {
  const UserId user = add(Role::kSupport);
  ASSERT_TRUE(world_.run(world_.staff.remove(world_.by(root_), user)));
  EXPECT_EQ(role_of(user), std::nullopt);
  EXPECT_EQ(code_of(world_.run(world_.staff.remove(world_.by(root_), user))), ErrorCode::kNotFound);
}

TEST_F(OperatorsTest, LastSuperadminStays) {
  const By by = world_.by(root_);
  EXPECT_EQ(code_of(world_.run(world_.staff.remove(by, root_))), ErrorCode::kConflict);
  EXPECT_EQ(code_of(change(root_, root_, {.role = Role::kSupport, .disabled = std::nullopt})),
            ErrorCode::kConflict);
  EXPECT_EQ(code_of(change(root_, root_, {.role = std::nullopt, .disabled = true})),
            ErrorCode::kConflict);
  const UserId other = add(Role::kSuperadmin);
  ASSERT_TRUE(change(root_, other, {.role = std::nullopt, .disabled = true}));
  EXPECT_EQ(code_of(world_.run(world_.staff.remove(by, root_))), ErrorCode::kConflict)
      << "one who is disabled does not count";
  ASSERT_TRUE(change(root_, other, {.role = std::nullopt, .disabled = false}));
  EXPECT_TRUE(world_.run(world_.staff.remove(by, root_)));
  EXPECT_EQ(role_of(other), Role::kSuperadmin);
}

TEST_F(OperatorsTest, EveryChangeIsOnRecordWithItsReason) {
  const UserId user = add(Role::kSupport);
  ASSERT_TRUE(change(root_, user, {.role = Role::kBilling, .disabled = std::nullopt}));
  ASSERT_TRUE(world_.run(world_.staff.remove(world_.by(root_), user)));
  EXPECT_THAT(world_.act_names(), ElementsAre("operator.created", "operator.created",
                                              "operator.changed", "operator.removed"));
  const auto changed = world_.acts()[2];
  EXPECT_EQ(changed.actor.kind, audit::ActorKind::kOperator);
  EXPECT_EQ(changed.actor.id, root_.str());
  EXPECT_THAT(changed.before, HasSubstr("support"));
  EXPECT_THAT(changed.after, HasSubstr("billing"));
  EXPECT_THAT(changed.personal, HasSubstr("because"));
}

TEST_F(OperatorsTest, WhatWasAskedForCanBeErasedFromTheRecord) {
  ASSERT_TRUE(
      world_.run(world_.staff.record(world_.by(root_), "operator.read", "GET /admin/v1/workspaces",
                                     "", R"({"email":"asha@example.com"})")));
  const auto act = world_.acts().back();
  EXPECT_EQ(act.after, R"({"operation":"GET /admin/v1/workspaces"})");
  EXPECT_EQ(act.personal, R"({"query":{"email":"asha@example.com"},"reason":"because"})");
}

TEST_F(OperatorsTest, ReadWithoutAQuestionHasItsReasonToo) {
  ASSERT_TRUE(world_.run(
      world_.staff.record(world_.by(root_), "operator.read", "GET /admin/v1/operators", "", "")));
  EXPECT_EQ(world_.acts().back().personal, R"({"reason":"because"})");
}

TEST_F(OperatorsTest, SuperadminIsPutAgainWhateverHeIs) {
  EXPECT_TRUE(*world_.staff.has_superadmin());
  const UserId other = add(Role::kSuperadmin);
  ASSERT_TRUE(change(other, root_, {.role = Role::kSupport, .disabled = true}));
  ASSERT_TRUE(world_.staff.put_superadmin(root_));
  EXPECT_EQ(role_of(root_), Role::kSuperadmin);
}

TEST_F(OperatorsTest, SuperadminWhoIsPutAgainStaysAsHeIs) {
  const auto acts = world_.acts().size();
  ASSERT_TRUE(world_.staff.put_superadmin(root_));
  EXPECT_EQ(role_of(root_), Role::kSuperadmin);
  EXPECT_EQ(world_.acts().size(), acts);
}

}  // namespace
}  // namespace flowsell::operators
