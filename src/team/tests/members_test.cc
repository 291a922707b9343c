#include "team/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "team_world.h"

namespace flowsell::team {
namespace {

using identity::Role;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

class MembersTest : public testing::Test {
 protected:
  MembersTest() { EXPECT_TRUE(world_.members.put_owner(world_.workspace, world_.owner)); }
  By owner() { return world_.by(world_.owner, Role::kOwner); }
  std::optional<Role> role_of(const UserId& user) {
    return *world_.run(world_.members.role_of(world_.workspace, user));
  }
  TeamWorld world_;
};

TEST_F(MembersTest, FounderIsItsOwner) {
  EXPECT_EQ(role_of(world_.owner), Role::kOwner);
  EXPECT_EQ(role_of(world_.user()), std::nullopt);
  EXPECT_THAT(world_.act_names(), ElementsAre("workspace.created"));
}

TEST_F(MembersTest, MemberOfOneWorkspaceIsNoneOfAnother) {
  EXPECT_EQ(
      *world_.run(world_.members.role_of(world_.ids.next<IdKind::kWorkspace>(), world_.owner)),
      std::nullopt);
}

TEST_F(MembersTest, InvitedOneJoinsWithHisRole) {
  const By developer = world_.member(Role::kDeveloper);
  EXPECT_EQ(role_of(developer.caller.user), Role::kDeveloper);
  EXPECT_THAT(*world_.run(world_.members.list(world_.workspace)), SizeIs(2));
  EXPECT_THAT(*world_.run(world_.members.invitations(world_.workspace)), IsEmpty());
  EXPECT_THAT(world_.act_names(),
              ElementsAre("workspace.created", "invitation.created", "member.joined"));
}

TEST_F(MembersTest, InvitationWorksOnce) {
  const auto invited = world_.run(world_.members.invite(owner(), "a@example.com", Role::kViewer));
  ASSERT_TRUE(
      world_.run(world_.members.accept(invited->token, world_.user(), "a@example.com", {})));
  EXPECT_EQ(code_of(world_.run(
                world_.members.accept(invited->token, world_.user(), "a@example.com", {}))),
            ErrorCode::kInvalidToken);
}

TEST_F(MembersTest, InvitationIsForItsAddressOnly) {
  const auto invited = world_.run(world_.members.invite(owner(), "a@example.com", Role::kAdmin));
  const UserId stranger = world_.user();
  EXPECT_EQ(
      code_of(world_.run(world_.members.accept(invited->token, stranger, "b@example.com", {}))),
      ErrorCode::kInvalidToken);
  EXPECT_EQ(role_of(stranger), std::nullopt);
}

TEST_F(MembersTest, InvitationEndsWithItsTime) {
  const auto invited = world_.run(world_.members.invite(owner(), "a@example.com", Role::kAdmin));
  world_.clock.advance(Members::kInvitationLife);
  EXPECT_EQ(code_of(world_.run(
                world_.members.accept(invited->token, world_.user(), "a@example.com", {}))),
            ErrorCode::kInvalidToken);
  EXPECT_THAT(*world_.run(world_.members.invitations(world_.workspace)), IsEmpty());
}

TEST_F(MembersTest, WithdrawnInvitationIsWorthless) {
  const auto invited = world_.run(world_.members.invite(owner(), "a@example.com", Role::kAdmin));
  ASSERT_TRUE(world_.run(world_.members.withdraw(owner(), invited->invitation.id)));
  EXPECT_EQ(code_of(world_.run(
                world_.members.accept(invited->token, world_.user(), "a@example.com", {}))),
            ErrorCode::kInvalidToken);
  EXPECT_EQ(code_of(world_.run(world_.members.withdraw(owner(), invited->invitation.id))),
            ErrorCode::kNotFound);
}

TEST_F(MembersTest, RecordOfAWithdrawnInvitationSaysWhatItWas) {
  const auto invited = world_.run(world_.members.invite(owner(), "a@example.com", Role::kAdmin));
  ASSERT_TRUE(world_.run(world_.members.withdraw(owner(), invited->invitation.id)));
  const auto event = world_.acts().back();
  EXPECT_THAT(event.before, testing::HasSubstr("admin"));
  EXPECT_THAT(event.personal, testing::HasSubstr("a@example.com"));
}

TEST_F(MembersTest, OldInvitationsGo) {
  const auto drop = [this] {
    const Time now = world_.clock.now();
    return testkit::in_transaction(*world_.db, [now](store::Connection& db) {
      return Members::drop_old_invitations(db, now);
    });
  };
  ASSERT_TRUE(world_.run(world_.members.invite(owner(), "a@example.com", Role::kAdmin)));
  EXPECT_EQ(drop(), 0);
  world_.clock.advance(Members::kInvitationLife);
  EXPECT_EQ(drop(), 1);
}

TEST_F(MembersTest, SecondInvitationReplacesTheFirst) {
  const auto first = world_.run(world_.members.invite(owner(), "a@example.com", Role::kAdmin));
  const auto second = world_.run(world_.members.invite(owner(), "a@example.com", Role::kViewer));
  EXPECT_THAT(*world_.run(world_.members.invitations(world_.workspace)), SizeIs(1));
  const UserId user = world_.user();
  EXPECT_EQ(code_of(world_.run(world_.members.accept(first->token, user, "a@example.com", {}))),
            ErrorCode::kInvalidToken);
  EXPECT_TRUE(world_.run(world_.members.accept(second->token, user, "a@example.com", {})));
  EXPECT_EQ(role_of(user), Role::kViewer);
}

TEST_F(MembersTest, TokenOfAnotherFormIsInvalid) {
  for (const char* text : {"", "ws_", "x", "ws_00000000000000000000000000"})
    EXPECT_EQ(code_of(Members::workspace_of(Secret(text))), ErrorCode::kInvalidToken) << text;
}

TEST_F(MembersTest, AdminInvitesNoOwner) {
  const By admin = world_.member(Role::kAdmin);
  EXPECT_EQ(code_of(world_.run(world_.members.invite(admin, "a@example.com", Role::kOwner))),
            ErrorCode::kInsufficientScope);
  EXPECT_TRUE(world_.run(world_.members.invite(admin, "a@example.com", Role::kAdmin)));
}

TEST_F(MembersTest, AdminChangesNoOwnerAndMakesNone) {
  const By admin = world_.member(Role::kAdmin);
  const By viewer = world_.member(Role::kViewer, "viewer@example.com");
  EXPECT_EQ(code_of(world_.run(world_.members.change_role(admin, world_.owner, Role::kViewer))),
            ErrorCode::kInsufficientScope);
  EXPECT_EQ(
      code_of(world_.run(world_.members.change_role(admin, viewer.caller.user, Role::kOwner))),
      ErrorCode::kInsufficientScope);
  EXPECT_EQ(code_of(world_.run(world_.members.remove(admin, world_.owner))),
            ErrorCode::kInsufficientScope);
  EXPECT_TRUE(world_.run(world_.members.change_role(admin, viewer.caller.user, Role::kDeveloper)));
  EXPECT_EQ(role_of(viewer.caller.user), Role::kDeveloper);
}

TEST_F(MembersTest, LastOwnerStays) {
  EXPECT_EQ(code_of(world_.run(world_.members.remove(owner(), world_.owner))),
            ErrorCode::kConflict);
  EXPECT_EQ(code_of(world_.run(world_.members.change_role(owner(), world_.owner, Role::kAdmin))),
            ErrorCode::kConflict);
  const By second = world_.member(Role::kOwner);
  EXPECT_TRUE(world_.run(world_.members.remove(owner(), world_.owner)));
  EXPECT_EQ(code_of(world_.run(world_.members.remove(second, second.caller.user))),
            ErrorCode::kConflict);
}

TEST_F(MembersTest, OwnerWhoseAccountIsClosedIsNoOther) {
  const By second = world_.member(Role::kOwner);
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
    return audit::close_account(db, second.caller.user, world_.clock.now());
  }));
  EXPECT_EQ(code_of(world_.run(world_.members.remove(owner(), world_.owner))),
            ErrorCode::kConflict);
}

TEST_F(MembersTest, EverybodyMayLeave) {
  const By viewer = world_.member(Role::kViewer);
  EXPECT_TRUE(world_.run(world_.members.remove(viewer, viewer.caller.user)));
  EXPECT_EQ(role_of(viewer.caller.user), std::nullopt);
}

TEST_F(MembersTest, StrangerCantBeChanged) {
  EXPECT_EQ(code_of(world_.run(world_.members.change_role(owner(), world_.user(), Role::kAdmin))),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of(world_.run(world_.members.remove(owner(), world_.user()))),
            ErrorCode::kNotFound);
}

TEST_F(MembersTest, RecordSaysWhoChangedWhat) {
  const By viewer = world_.member(Role::kViewer);
  ASSERT_TRUE(world_.run(world_.members.change_role(owner(), viewer.caller.user, Role::kBilling)));
  const auto event = world_.acts().back();
  EXPECT_EQ(event.name, "member.role_changed");
  EXPECT_EQ(event.actor.id, world_.owner.str());
  EXPECT_EQ(event.target, viewer.caller.user.str());
  EXPECT_EQ(event.before, R"({"role":"viewer"})");
  EXPECT_EQ(event.after, R"({"role":"billing"})");
  EXPECT_EQ(event.origin.address, "203.0.113.9");
}

TEST_F(MembersTest, InvitationsHaveAnEnd) {
  for (std::size_t i = 0; i < Members::kInvitationsMax; ++i)
    ASSERT_TRUE(world_.run(world_.members.invite(
        owner(), "user" + std::to_string(i) + "@example.com", Role::kViewer)));
  EXPECT_EQ(code_of(world_.run(world_.members.invite(owner(), "a@example.com", Role::kViewer))),
            ErrorCode::kConflict);
}

TEST_F(MembersTest, TokenIsInNoFile) {
  if (testkit::tests_run_on_postgres()) GTEST_SKIP() << "its files are another process's";
  const auto invited = world_.run(world_.members.invite(owner(), "a@example.com", Role::kViewer));
  EXPECT_TRUE(world_.folder.holds("a@example.com"));
  EXPECT_FALSE(world_.folder.holds(std::string(invited->token.reveal().substr(29))));
}

}  // namespace
}  // namespace flowsell::team
