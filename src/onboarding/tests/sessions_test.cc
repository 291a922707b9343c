#include "onboarding/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/encoding.h"
#include "onboarding_world.h"

namespace flowsell::onboarding {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;
using testkit::code_of;

const store::Sql kHashes("SELECT token_hash FROM onboarding_sessions");

class SessionsTest : public testing::Test {
 protected:
  metering::IdempotentCall call(const std::string& body) {
    return world_.idempotency.begin(world_.caller.workspace, world_.caller.mode, "POST",
                                    "/v1/onboarding_sessions", "once", body, world_.clock.now());
  }
  Result<Sessions::Created> create_once(const std::string& body) {
    Sessions::Draft draft;
    draft.workspace = world_.caller.workspace;
    draft.mode = world_.caller.mode;
    return testkit::run(world_.pool,
                        world_.sessions.create(draft, world_.actor, {}, {}, call(body)));
  }
  SessionPage list(Query query = {}) {
    query.workspace = world_.caller.workspace;
    query.mode = world_.caller.mode;
    return *testkit::run(world_.pool, world_.sessions.list(query));
  }
  Result<Session> revoke(const Session& session) {
    return testkit::run(world_.pool, world_.sessions.revoke(world_.by(), session.id));
  }

  OnboardingWorld world_;
};

TEST_F(SessionsTest, OneIsMadeWithALinkThatLeadsToIt) {
  const auto made = world_.create({.allows_coexistence = true, .label = "Ana"});
  EXPECT_EQ(made.session.state, State::kCreated);
  EXPECT_EQ(made.session.expires_at, made.session.created_at + Sessions::kLifeDefault);
  const auto found = testkit::run(world_.pool, world_.door.find(std::string(made.link.reveal())));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made.session.id);
  EXPECT_EQ(found->label, "Ana");
  EXPECT_TRUE(found->allows_coexistence);
  EXPECT_THAT(world_.acts(), ElementsAre("created"));
}

TEST_F(SessionsTest, TheLinkItselfIsNotStored) {
  const auto made = world_.create();
  EXPECT_THAT(testkit::texts(*world_.db, kHashes),
              ElementsAre(as_text(crypto::sha256(made.link.reveal()))));
}

TEST_F(SessionsTest, AReplayShowsTheSessionWithoutItsLink) {
  const auto first = create_once("{}");
  const auto second = create_once("{}");
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->is_replay);
  EXPECT_TRUE(second->link.empty());
  EXPECT_EQ(second->session.id, first->session.id);
  EXPECT_EQ(code_of(create_once("{ }")), ErrorCode::kIdempotencyKeyReused);
  EXPECT_THAT(list().rows, SizeIs(1));
}

TEST_F(SessionsTest, AWorkspaceHasSoManyThatAreOpen) {
  for (std::int64_t i = 0; i < Sessions::kOpenMax; ++i) world_.create();
  EXPECT_EQ(code_of(create_once("{}")), ErrorCode::kConflict);
  ASSERT_TRUE(revoke(list().rows.front()));
  EXPECT_TRUE(create_once("{}"));  // the refusal kept no key
}

TEST_F(SessionsTest, TheyAreListedByPages) {
  std::vector<OnboardingSessionId> made;
  for (int i = 0; i < 3; ++i) made.push_back(world_.create().session.id);
  auto page = list({.limit = 2});
  EXPECT_EQ(page.rows.at(0).id, made.at(2));
  EXPECT_TRUE(page.has_more);
  page = list({.after = page.next, .limit = 2});
  ASSERT_THAT(page.rows, SizeIs(1));
  EXPECT_EQ(page.rows.at(0).id, made.at(0));
}

TEST_F(SessionsTest, OneOfAnotherModeOrWorkspaceIsNotThere) {
  const auto made = world_.create();
  identity::Caller other = world_.caller;
  other.mode = identity::Mode::kLive;
  EXPECT_EQ(code_of(testkit::run(world_.pool, world_.sessions.find(other, made.session.id))),
            ErrorCode::kNotFound);
  other = world_.caller;
  other.workspace = world_.ids.next<IdKind::kWorkspace>();
  EXPECT_EQ(code_of(testkit::run(world_.pool, world_.sessions.find(other, made.session.id))),
            ErrorCode::kNotFound);
}

TEST_F(SessionsTest, OneThatWasTakenBackStaysSo) {
  const auto made = world_.create();
  const auto revoked = revoke(made.session);
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->state, State::kRevoked);
  world_.clock.skip(1h);
  EXPECT_EQ(revoke(made.session)->ended_at, revoked->ended_at);
  EXPECT_THAT(world_.acts(), ElementsAre("revoked", "created"));
}

TEST_F(SessionsTest, TimeEndsThemAndThenTheyGo) {
  const auto made = world_.create({.life = 1h});
  world_.clock.skip(1h);
  EXPECT_EQ(world_.now(made.session).state_at(world_.clock.now()), State::kExpired);
  ASSERT_TRUE(testkit::run(world_.pool, world_.sessions.tidy()));
  EXPECT_EQ(world_.now(made.session).state, State::kExpired);
  EXPECT_THAT(world_.acts(), ElementsAre("expired", "created"));
  world_.clock.skip(Sessions::kKept + 1h);
  ASSERT_TRUE(testkit::run(world_.pool, world_.sessions.tidy()));
  EXPECT_THAT(list().rows, SizeIs(0));
}

TEST_F(SessionsTest, WorkspacesAreToldOfEachChange) {
  world_.add_endpoint("http://127.0.0.1:9/x", {"onboarding_session.updated"});
  const auto made = world_.create();
  ASSERT_TRUE(revoke(made.session));
  const auto events = world_.events_now({.type = webhook::EventType::kOnboardingSessionUpdated});
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_THAT(events.at(0).draft.body, testing::HasSubstr("\"state\":\"revoked\""));
  EXPECT_THAT(events.at(1).draft.body, testing::HasSubstr("\"state\":\"created\""));
}

}  // namespace
}  // namespace flowsell::onboarding
