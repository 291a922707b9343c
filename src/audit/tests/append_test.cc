#include <cstdlib>
#include <thread>

#include "audit_fixture.h"
#include "postgres_schema.h"
#include "store/postgres.h"

namespace flowsell::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testkit::code_of;

const store::Sql kEvents("SELECT count(*) FROM audit_events");
const store::Sql kPersonalRows("SELECT count(*) FROM audit_personal");

class Append : public AuditFixture {
 protected:
  std::int64_t count(const store::Sql& sql) { return testkit::numbers(*db_, sql).front(); }
};

TEST_F(Append, EventHasAllThatTheActSaid) {
  const Act act = an_act();
  ASSERT_TRUE(append({act}));
  const auto page = list({});
  ASSERT_EQ(page.rows.size(), 1U);
  const Event& event = page.rows.front();
  EXPECT_EQ(event.seq, 1);
  EXPECT_EQ(event.id, act.id);
  EXPECT_EQ(event.at, act.at);
  EXPECT_EQ(event.actor.kind, ActorKind::kUser);
  EXPECT_EQ(event.actor.id, "usr_ada");
  EXPECT_EQ(event.origin.address, "192.0.2.7");
  EXPECT_EQ(event.origin.user_agent, "Firefox");
  EXPECT_EQ(event.origin.request_id, "req_1");
  EXPECT_EQ(event.name, "api_key.created");
  EXPECT_EQ(event.target, "key_1");
  EXPECT_EQ(event.before, act.before);
  EXPECT_EQ(event.after, act.after);
  EXPECT_EQ(event.personal, act.personal);
  EXPECT_FALSE(event.is_erased);
}

TEST_F(Append, WhoseAccountIsClosedActsNoMore) {
  const auto user = ids_.next<IdKind::kUser>();
  Act act = an_act();
  act.actor.id = user.str();
  const auto change = [&](auto body) { ASSERT_TRUE(testkit::write(*db_, body)); };
  change([&](store::Connection& db) { return close_account(db, user, clock_.now()); });
  for (const auto kind : {ActorKind::kUser, ActorKind::kOperator}) {
    act.actor.kind = kind;
    EXPECT_EQ(code_of(append({an_act(), act})), ErrorCode::kInvalidSession);
  }
  EXPECT_EQ(count(kEvents), 0);
  EXPECT_TRUE(append({an_act()}));
  change([&](store::Connection& db) { return reopen_account(db, user); });
  EXPECT_TRUE(append({act}));
  EXPECT_EQ(said(verdict()), "whole");
}

TEST_F(Append, ChainsOfScopesAreApart) {
  Act other = an_act();
  other.scope = a_scope();
  ASSERT_TRUE(append({an_act(), other, an_act()}));
  EXPECT_EQ(verdict().events, 2);
  scope_ = other.scope;
  EXPECT_EQ(verdict().events, 1);
  EXPECT_EQ(said(verdict()), "whole");
}

TEST_F(Append, NothingStaysOfARehearsal) {
  ASSERT_TRUE(append({an_act()}));
  const store::Sql rows(
      "SELECT scope FROM audit_events UNION ALL SELECT scope FROM audit_personal UNION ALL SELECT "
      "scope FROM audit_heads");
  const auto before = testkit::texts(*db_, rows);
  ASSERT_TRUE(testkit::write(*db_, [&](store::Connection& db) { return rehearse(db, an_act()); }));
  EXPECT_EQ(testkit::texts(*db_, rows), before);
}

TEST_F(Append, ManyActsAtOnceKeepTheirOrder) {
  ASSERT_TRUE(append({an_act("a"), an_act("b")}));
  ASSERT_TRUE(append({an_act("c"), an_act("d"), an_act("e")}));
  std::vector<std::string> names;
  for (const Event& event : list({}).rows) names.push_back(event.name);
  EXPECT_THAT(names, ElementsAre("e", "d", "c", "b", "a"));
  EXPECT_EQ(said(verdict()), "whole");
}

TEST_F(Append, NothingIsNothing) {
  EXPECT_TRUE(append({}));
  EXPECT_EQ(count(kEvents), 0);
}

TEST_F(Append, GoesWithItsTransaction) {
  ASSERT_TRUE(append({an_act()}));
  const auto failed = testkit::write(*db_, [this](store::Connection& db) -> Result<> {
    CHECK_OK(audit::append(db, an_act()));
    return fail(ErrorCode::kConflict, "the operation failed after all");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(count(kEvents), 1);
  ASSERT_TRUE(append({an_act()}));
  EXPECT_EQ(verdict().events, 2);
  EXPECT_EQ(said(verdict()), "whole");
}

TEST_F(Append, ActOfTheSystemHasNothingToErase) {
  ASSERT_TRUE(append({{.scope = scope_,
                       .id = ids_.next<IdKind::kAuditEvent>(),
                       .at = clock_.now(),
                       .name = "keys.rotated"}}));
  EXPECT_EQ(count(kPersonalRows), 0);
  EXPECT_EQ(verdict().erased, 0);
  EXPECT_FALSE(list({}).rows.front().is_erased);
}

TEST_F(Append, ForeignBytesBecomeText) {
  Act act = an_act();
  act.origin.user_agent = std::string("a\xff\0b\n\"c", 7);
  ASSERT_TRUE(append({act}));
  EXPECT_EQ(list({}).rows.front().origin.user_agent, "a??b?\"c");
  EXPECT_EQ(said(verdict()), "whole");
}

TEST_F(Append, LongUserAgentIsCutBetweenCharacters) {
  Act act = an_act();
  act.origin.user_agent = "x";
  for (int i = 0; i < 400; ++i) act.origin.user_agent += "\xC3\xA9";
  ASSERT_TRUE(append({act}));
  const std::string agent = list({}).rows.front().origin.user_agent;
  EXPECT_EQ(agent.size(), 511U);
  EXPECT_TRUE(agent.ends_with("\xC3\xA9"));
}

TEST_F(Append, SaltsDiffer) {
  ASSERT_TRUE(append({an_act(), an_act()}));
  static const store::Sql kCommitments("SELECT DISTINCT personal_commitment FROM audit_events");
  EXPECT_EQ(testkit::texts(*db_, kCommitments).size(), 2U);
}

struct BadAct {
  const char* name;
  void (*spoil)(Act&);
};
class BadActs : public AuditFixture, public testing::WithParamInterface<BadAct> {};
TEST_P(BadActs, AreRefusedWhole) {
  Act bad = an_act();
  GetParam().spoil(bad);
  EXPECT_EQ(code_of(append({an_act(), bad})), ErrorCode::kInternal);
  EXPECT_EQ(verdict().events, 0);
}
INSTANTIATE_TEST_SUITE_P(
    Table, BadActs,
    testing::Values(BadAct{"ShortScope", [](Act& act) { act.scope.pop_back(); }},
                    BadAct{"LongScope", [](Act& act) { act.scope += 'x'; }},
                    BadAct{"NoId", [](Act& act) { act.id = {}; }},
                    BadAct{"NoName", [](Act& act) { act.name = ""; }},
                    BadAct{"NameWithSpace", [](Act& act) { act.name = "api key"; }},
                    BadAct{"LongName", [](Act& act) { act.name = std::string(65, 'a'); }},
                    BadAct{"LongTarget", [](Act& act) { act.target = std::string(257, 'a'); }},
                    BadAct{"TargetWithNul", [](Act& act) { act.target.push_back('\0'); }},
                    BadAct{"ActorIsNoText", [](Act& act) { act.actor.id = "\xff"; }},
                    BadAct{"RequestIdWithLineEnd", [](Act& act) { act.origin.request_id = "a\n"; }},
                    BadAct{"BeforeIsNoJson", [](Act& act) { act.before = "{"; }},
                    BadAct{"AfterIsNoObject", [](Act& act) { act.after = "[]"; }},
                    BadAct{"PersonalIsNoObject", [](Act& act) { act.personal = "1"; }},
                    BadAct{"AfterIsLong",
                           [](Act& act) {
                             act.after = "{\"a\":\"" + std::string(65536, 'x') + "\"}";
                           }}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(Append, ErrorDoesNotRepeatTheValue) {
  Act bad = an_act("secret VALUE");
  bad.personal = "secret VALUE";
  const auto refused = append({bad});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, Not(HasSubstr("VALUE")));
}

TEST_F(Append, TakenPlaceFailsInsteadOfLosingTheEvent) {
  append_many(3);
  tamper({"UPDATE audit_heads SET seq = 1 WHERE scope = ?1"});
  EXPECT_FALSE(append({an_act()}));
  EXPECT_EQ(count(kEvents), 3);
}

TEST_F(Append, ManyThreadsMakeOneChain) {
  constexpr int kThreads = 4, kEach = 25;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < kEach; ++n) EXPECT_TRUE(append({an_act()}));
    });
  }
  threads.clear();
  EXPECT_EQ(verdict().events, kThreads * kEach);
  EXPECT_EQ(said(verdict()), "whole");
}

/// What several processes do to the shared schema of PostgreSQL.
class AppendOfManyProcesses : public AuditFixture {
 protected:
  void SetUp() override {
    if (!testkit::tests_run_on_postgres()) GTEST_SKIP() << "SQLite has one writer";
    for (auto& process : processes_) {
      auto opened = store::open_postgres(
          {.conninfo = Secret(schema().conninfo()), .readers = 1, .is_shared = true});
      ASSERT_TRUE(opened) << opened.error().detail;
      process = *std::move(opened);
    }
  }
  void TearDown() override {
    for (auto& process : processes_) {
      if (process) process->stop();
    }
  }
  const store::PostgresSchema& schema() {
    return *static_cast<store::PostgresSchema*>(folder_.companion().get());
  }
  /// Each process makes `count` transactions of these acts, all at once.
  void append_in_each(int count, const std::array<std::vector<std::string>, 2>& scopes) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      threads.emplace_back([this, count, db = processes_[i].get(), mine = scopes[i]] {
        for (int n = 0; n < count; ++n) {
          std::vector<Act> acts;
          for (const std::string& scope : mine) {
            acts.push_back(an_act());
            acts.back().scope = scope;
          }
          const auto done = testkit::write(*db, [&acts](store::Connection& connection) {
            return audit::append(connection, std::span<const Act>(acts));
          });
          EXPECT_TRUE(done) << done.error().detail;
        }
      });
    }
  }

  std::array<std::unique_ptr<store::Database>, 2> processes_;
};

TEST_F(AppendOfManyProcesses, OneChainHasOneEnd) {
  append_in_each(100, {{{scope_}, {scope_}}});
  EXPECT_EQ(verdict().events, 200);
  EXPECT_EQ(said(verdict()), "whole");
}

TEST_F(AppendOfManyProcesses, ChainsOfOneCallAreLockedInOneOrder) {
  // A transaction that the server ends because of a deadlock is tried again, in silence. What it
  // took from a sequence stays taken.
  schema().run(
      "CREATE SEQUENCE places;"
      "CREATE FUNCTION take_place() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "PERFORM nextval('places'); RETURN NEW; END $$;"
      "CREATE TRIGGER take_place BEFORE INSERT ON audit_heads FOR EACH ROW EXECUTE FUNCTION "
      "take_place()");
  const std::string other = a_scope();
  append_in_each(50, {{{scope_, other}, {other, scope_}}});
  EXPECT_EQ(verdict().events, 100);
  EXPECT_EQ(said(verdict()), "whole");
  static const store::Sql kPlaces("SELECT last_value FROM places");
  EXPECT_THAT(testkit::numbers(*db_, kPlaces), ElementsAre(200));
  schema().run(
      "DROP TRIGGER take_place ON audit_heads; DROP FUNCTION take_place(); DROP SEQUENCE places");
}

}  // namespace
}  // namespace flowsell::audit
