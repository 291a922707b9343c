#include "audit_fixture.h"

namespace flowsell::audit {
namespace {

const store::Sql kPersonalRows("SELECT count(*) FROM audit_personal");

class ErasePersonal : public AuditFixture {
 protected:
  void add(const std::string& actor, const std::string& target) {
    Act act = an_act();
    act.actor.id = actor;
    act.target = target;
    ASSERT_TRUE(append({act}));
  }
  /// Newest first: "ap" has both parts, "-p" the personal one alone.
  std::vector<std::string> parts() {
    std::vector<std::string> out;
    for (const Event& event : list({.limit = 1000}).rows) {
      out.push_back(std::string(event.origin.address.empty() ? "-" : "a") +
                    (event.personal.empty() ? "-" : "p"));
    }
    return out;
  }
};

TEST_F(ErasePersonal, OfAnActorTakesAllThatItsActsHave) {
  add("usr_ada", "key_1");
  add("usr_eve", "key_1");
  EXPECT_EQ(erase("usr_ada"), 2);
  EXPECT_THAT(parts(), testing::ElementsAre("ap", "--"));
}

TEST_F(ErasePersonal, OfATargetLeavesWhereTheActorWas) {
  add("usr_eve", "usr_ada");
  EXPECT_EQ(erase("usr_ada"), 1);
  EXPECT_THAT(parts(), testing::ElementsAre("a-"));
}

TEST_F(ErasePersonal, OfTheWholeScopeLeavesOtherScopes) {
  add("usr_ada", "key_1");
  const std::string first = std::exchange(scope_, a_scope());
  add("usr_ada", "key_1");
  EXPECT_EQ(erase(""), 2);
  EXPECT_THAT(parts(), testing::ElementsAre("--"));
  scope_ = first;
  EXPECT_THAT(parts(), testing::ElementsAre("ap"));
}

TEST_F(ErasePersonal, OfNobodyIsNothing) {
  add("usr_ada", "key_1");
  EXPECT_EQ(erase("usr_eve"), 0);
  scope_ = a_scope();
  EXPECT_EQ(erase(""), 0);
}

TEST_F(ErasePersonal, ChainVerifiesAndCountsIt) {
  add("usr_ada", "key_1");
  add("usr_eve", "usr_ada");
  add("usr_eve", "key_2");
  const Head before = head();
  erase("usr_ada");
  const Verdict after = verdict({before});
  EXPECT_EQ(said(after), "whole");
  EXPECT_EQ(after.events, 3);
  EXPECT_EQ(after.erased, 2);
  EXPECT_EQ(after.end, before);
}

TEST_F(ErasePersonal, ChainGoesOnBehindIt) {
  add("usr_ada", "key_1");
  erase("");
  add("usr_ada", "key_1");
  EXPECT_EQ(said(verdict()), "whole");
  EXPECT_EQ(verdict().erased, 1);
}

TEST_F(ErasePersonal, EventSaysThatItIsErased) {
  add("usr_ada", "key_1");
  erase("");
  const Event event = list({}).rows.front();
  EXPECT_TRUE(event.is_erased);
  EXPECT_EQ(event.origin.request_id, "req_1");
  EXPECT_THAT(render(event), testing::HasSubstr("\"erased\":true"));
}

TEST_F(ErasePersonal, GoesInStepsOverALongChain) {
  std::vector<Act> acts;
  for (int i = 0; i < 12'000; ++i) {
    Act act = an_act();
    act.personal = "";
    acts.push_back(std::move(act));
  }
  ASSERT_TRUE(append(acts));
  const auto first = testkit::in_transaction(
      *db_, [&](store::Connection& db) { return erase_personal(db, {scope_, "usr_ada"}, 0); });
  EXPECT_TRUE(first.more);
  EXPECT_LT(first.erased, 12'000);
  EXPECT_EQ(first.erased + erase("usr_ada"), 12'000);
  EXPECT_EQ(testkit::numbers(*db_, kPersonalRows).front(), 0);
  EXPECT_EQ(verdict().erased, 12'000);
}

TEST_F(ErasePersonal, StrangePlacesDoNotMakeItGoOnForEver) {
  add("usr_ada", "key_1");
  tamper(
      {"INSERT INTO audit_personal (scope, seq, part, salt, data) "
       "VALUES (?1, 9223372036854775807, 1, ?1, '{}')"});
  EXPECT_EQ(erase(""), 3);
}

}  // namespace
}  // namespace flowsell::audit
