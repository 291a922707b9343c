#include "team/support_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "team_world.h"

namespace flowsell::team {
namespace {

using namespace std::chrono_literals;
using identity::Mode;
using identity::Role;
using identity::Scope;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testkit::code_of;

class SupportSessionsTest : public testing::Test {
 protected:
  SupportSessions::Draft draft(bool needs_approval = false) {
    return {world_.workspace,
            operator_,
            SupportCategory::kDebugging,
            "Deliveries of Acme's shop stop",
            "T-1",
            {Scope::kMessagesRead},
            {Scope::kWebhooksManage},
            30min,
            needs_approval,
            {"203.0.113.9", "test browser", "req_1"}};
  }
  SupportSession open(bool needs_approval = false) {
    auto opened = world_.run(support_.open(draft(needs_approval), std::nullopt));
    if (!opened) throw std::runtime_error(opened.error().detail);
    return opened->session;
  }
  SupportStatus status(const SupportSession& session) {
    return world_.run(support_.find(world_.workspace, session.id))->status(world_.clock.now());
  }
  std::optional<ErrorCode> use(const SupportSession& session) {
    return code_of(world_.run(support_.record({world_.workspace,
                                               session.id,
                                               operator_,
                                               "support_session.read",
                                               "GET /v1/messages/{}",
                                               "msg_1",
                                               R"({"to":"+91••••••3210"})",
                                               Mode::kTest,
                                               {}})));
  }
  Result<SupportSession> end(const SupportSession& session) {
    return world_.run(support_.end(world_.workspace, session.id,
                                   {audit::ActorKind::kUser, world_.owner.str()}, {}));
  }
  By owner() { return world_.by(world_.owner, Role::kOwner); }
  metering::IdempotentCall call(const std::string& body) {
    return world_.idempotency.begin(world_.workspace, Mode::kLive, "POST", "/s", "once", body,
                                    world_.clock.now());
  }

  TeamWorld world_;
  UserId operator_ = world_.user();
  SupportSessions support_{*world_.db, world_.idempotency, world_.ids, world_.clock};
};

TEST_F(SupportSessionsTest, OpenedOneIsActiveForItsTime) {
  const auto session = open();
  EXPECT_EQ(status(session), SupportStatus::kActive);
  EXPECT_EQ(use(session), std::nullopt);
  world_.clock.advance(30min - 1ms);
  EXPECT_EQ(status(session), SupportStatus::kActive);
  world_.clock.advance(1ms);
  EXPECT_EQ(status(session), SupportStatus::kExpired);
  EXPECT_EQ(use(session), ErrorCode::kSupportSessionInactive);
}

TEST_F(SupportSessionsTest, WhatIsReadIsTheSameAsWhatWasMade) {
  const auto session = open();
  const auto found = world_.run(support_.find(world_.workspace, session.id));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, operator_);
  EXPECT_EQ(found->category, SupportCategory::kDebugging);
  EXPECT_EQ(found->reason, "Deliveries of Acme's shop stop");
  EXPECT_EQ(found->ticket, "T-1");
  EXPECT_EQ(found->reads, identity::Scopes{Scope::kMessagesRead});
  EXPECT_EQ(found->writes, identity::Scopes{Scope::kWebhooksManage});
  EXPECT_EQ(found->span, 30min);
  EXPECT_EQ(found->expires_at, world_.clock.now() + 30min);
}

TEST_F(SupportSessionsTest, EndHoldsAtOnceAndIsOnRecordOnce) {
  const auto session = open();
  ASSERT_TRUE(end(session));
  EXPECT_EQ(status(session), SupportStatus::kEnded);
  EXPECT_EQ(use(session), ErrorCode::kSupportSessionInactive);
  ASSERT_TRUE(end(session));
  EXPECT_THAT(world_.act_names(), ElementsAre("support_session.opened", "support_session.ended"));
}

TEST_F(SupportSessionsTest, OneThatWaitsLetsNobodyInUntilItIsApproved) {
  const auto session = open(/*needs_approval=*/true);
  EXPECT_EQ(status(session), SupportStatus::kAwaitingApproval);
  EXPECT_EQ(use(session), ErrorCode::kSupportSessionInactive);
  world_.clock.advance(2h);
  const auto approved = world_.run(support_.approve(owner(), session.id));
  ASSERT_TRUE(approved);
  EXPECT_EQ(approved->approved_by, world_.owner.str());
  EXPECT_EQ(approved->expires_at, world_.clock.now() + 30min) << "its time begins now";
  EXPECT_EQ(use(session), std::nullopt);
  EXPECT_EQ(code_of(world_.run(support_.approve(owner(), session.id))), ErrorCode::kConflict);
}

TEST_F(SupportSessionsTest, NobodyApprovesOneThatHasWaitedTooLong) {
  const auto session = open(/*needs_approval=*/true);
  world_.clock.advance(24h);
  EXPECT_EQ(status(session), SupportStatus::kExpired);
  EXPECT_EQ(code_of(world_.run(support_.approve(owner(), session.id))), ErrorCode::kConflict);
}

TEST_F(SupportSessionsTest, RecordSaysWhoDidWhatByWhichSession) {
  const auto session = open();
  ASSERT_EQ(use(session), std::nullopt);
  const auto acts = world_.acts();
  ASSERT_EQ(acts.size(), 2U);
  EXPECT_THAT(acts[0].personal, HasSubstr("Acme"));
  EXPECT_THAT(acts[0].after, Not(HasSubstr("Acme"))) << "words can't be taken out again there";
  EXPECT_EQ(acts[1].name, "support_session.read");
  EXPECT_EQ(acts[1].actor.kind, audit::ActorKind::kOperator);
  EXPECT_EQ(acts[1].actor.id, operator_.str());
  EXPECT_EQ(acts[1].target, session.id.str());
  EXPECT_THAT(acts[1].after, HasSubstr(R"("operation":"GET /v1/messages/{}","object":"msg_1")"));
}

TEST_F(SupportSessionsTest, TimeThatEndsOneIsNotedOnce) {
  const auto session = open();
  ASSERT_TRUE(world_.run(support_.end_expired()));
  EXPECT_THAT(world_.act_names(), ElementsAre("support_session.opened"));
  world_.clock.advance(31min);
  ASSERT_TRUE(world_.run(support_.end_expired()));
  ASSERT_TRUE(world_.run(support_.end_expired()));
  EXPECT_THAT(world_.act_names(), ElementsAre("support_session.opened", "support_session.expired"));
  EXPECT_EQ(status(session), SupportStatus::kExpired);
}

TEST_F(SupportSessionsTest, ReplayOpensNoSecondOne) {
  const auto first = world_.run(support_.open(draft(), call("a")));
  const auto again = world_.run(support_.open(draft(), call("a")));
  ASSERT_TRUE(first && again);
  EXPECT_FALSE(first->replayed);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->session.id, first->session.id);
  EXPECT_EQ(code_of(world_.run(support_.open(draft(), call("b")))),
            ErrorCode::kIdempotencyKeyReused);
}

TEST_F(SupportSessionsTest, WorkspaceHasSoManyAtOnceAndNoMore) {
  SupportSession last;
  for (std::size_t i = 0; i < SupportSessions::kOpenMax; ++i) last = open();
  EXPECT_EQ(code_of(world_.run(support_.open(draft(), call("a")))), ErrorCode::kConflict);
  ASSERT_TRUE(end(last));
  EXPECT_TRUE(world_.run(support_.open(draft(), call("a")))) << "a refusal keeps no key";
}

TEST_F(SupportSessionsTest, OtherWorkspacesDontFindIt) {
  const auto session = open();
  const WorkspaceId other = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_of(world_.run(support_.find(other, session.id))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(world_.run(support_.end(other, session.id, {}, {}))), ErrorCode::kNotFound);
  const auto listed = world_.run(support_.list({other, {}, {}, 10}));
  ASSERT_TRUE(listed);
  EXPECT_THAT(listed->rows, IsEmpty());
}

TEST_F(SupportSessionsTest, ListGoesFromTheNewestDownAndUpAgain) {
  const auto a = open();
  const auto b = open();
  const auto c = open();
  const auto ids = [](const auto& page) {
    std::vector<SupportSessionId> all;
    for (const auto& row : page->rows) all.push_back(row.id);
    return all;
  };
  const auto first = world_.run(support_.list({world_.workspace, {}, {}, 2}));
  ASSERT_TRUE(first);
  EXPECT_THAT(ids(first), ElementsAre(c.id, b.id));
  EXPECT_TRUE(first->has_more);
  const auto second = world_.run(support_.list({world_.workspace, b.id, {}, 2}));
  EXPECT_THAT(ids(second), ElementsAre(a.id));
  const auto up = world_.run(support_.list({world_.workspace, {}, a.id, 2}));
  EXPECT_THAT(ids(up), ElementsAre(c.id, b.id));
}

TEST_F(SupportSessionsTest, WhatAnOperatorChangesIsNotToldAsAMembersAct) {
  By by = world_.by(operator_, Role::kViewer);
  by.caller.support = world_.ids.next<IdKind::kSupportSession>();
  ASSERT_TRUE(world_.run(support_.approve(by, open(true).id)));
  EXPECT_EQ(world_.acts().back().actor.kind, audit::ActorKind::kOperator);
}

}  // namespace
}  // namespace flowsell::team
