#include "sso/domain_watch.h"

#include <gmock/gmock.h>

#include "sso_world.h"

namespace flowsell::sso {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kDomain = "acme.example";

class DomainWatchTest : public testing::Test {
 protected:
  DomainWatchTest() { world_.own(world_.workspace, kDomain); }

  DomainWatch& watch() { return world_.sso.domain_watch(); }
  std::vector<DomainWatch::Due> due() { return *world_.run(watch().due("")); }
  /// A day later, the whole round. True: it is to lapse.
  bool look_tomorrow() {
    world_.clock.advance(24h);
    const auto all = due();
    EXPECT_THAT(all, SizeIs(1));
    return !all.empty() && *world_.run(watch().look(all[0]));
  }
  std::string record() {
    return (*world_.run(world_.domains().find(world_.workspace, kDomain))).record_name();
  }
  void take_record_away() { world_.dns->records.erase(record()); }
  std::optional<WorkspaceId> owner() { return *world_.run(world_.domains().owner_of(kDomain)); }
  std::vector<std::string> system_acts() {
    const auto page = testkit::in_snapshot(*world_.db, [](store::Connection& connection) {
      audit::Query query;
      query.scope = audit::system_scope();
      return audit::list(connection, query);
    });
    std::vector<std::string> names;
    for (const auto& event : page.rows) names.push_back(event.name + " " + event.target);
    return names;
  }

  SsoWorld world_;
};

TEST_F(DomainWatchTest, DomainIsDueADayAfterItWasProven) {
  EXPECT_THAT(due(), IsEmpty());
  world_.clock.advance(24h - 1ms);
  EXPECT_THAT(due(), IsEmpty());
  world_.clock.advance(1ms);
  EXPECT_THAT(due(), SizeIs(1));
}

TEST_F(DomainWatchTest, RecordThatIsThereKeepsIt) {
  for (int day = 0; day < 10; ++day) EXPECT_FALSE(look_tomorrow());
  EXPECT_EQ(owner(), world_.workspace);
}

TEST_F(DomainWatchTest, ThirdMissInARowIsTheLast) {
  take_record_away();
  EXPECT_FALSE(look_tomorrow());
  EXPECT_FALSE(look_tomorrow());
  EXPECT_TRUE(look_tomorrow());
}

TEST_F(DomainWatchTest, RecordThatCameBackBeginsAnew) {
  const auto domain = *world_.run(world_.domains().find(world_.workspace, kDomain));
  take_record_away();
  EXPECT_FALSE(look_tomorrow());
  EXPECT_FALSE(look_tomorrow());
  world_.dns->records[domain.record_name()] = {domain.record_text()};
  EXPECT_FALSE(look_tomorrow());
  take_record_away();
  EXPECT_FALSE(look_tomorrow());
  EXPECT_FALSE(look_tomorrow());
  EXPECT_TRUE(look_tomorrow());
}

TEST_F(DomainWatchTest, NobodyAnsweringIsNoMiss) {
  take_record_away();
  EXPECT_FALSE(look_tomorrow());
  EXPECT_FALSE(look_tomorrow());
  world_.dns->is_down = true;
  for (int day = 0; day < 5; ++day) EXPECT_FALSE(look_tomorrow());
  world_.dns->is_down = false;
  EXPECT_TRUE(look_tomorrow()) << "the misses before still count";
}

TEST_F(DomainWatchTest, NobodyAnsweringIsTriedAgainInAnHour) {
  world_.dns->is_down = true;
  EXPECT_FALSE(look_tomorrow());
  EXPECT_THAT(due(), IsEmpty());
  world_.clock.advance(1h);
  EXPECT_THAT(due(), SizeIs(1));
}

TEST_F(DomainWatchTest, OneLookOfManyCounts) {
  take_record_away();
  world_.clock.advance(24h);
  const auto all = due();
  ASSERT_THAT(all, SizeIs(1));
  for (int process = 0; process < 3; ++process)
    EXPECT_FALSE(*world_.run(watch().look(all[0]))) << "the same look, by another process";
  EXPECT_FALSE(look_tomorrow());
  EXPECT_TRUE(look_tomorrow());
}

TEST_F(DomainWatchTest, LapsedDomainLeadsNowhereAndMayBeProvenAgain) {
  const auto domain = *world_.run(world_.domains().find(world_.workspace, kDomain));
  take_record_away();
  while (!look_tomorrow()) {
  }
  ASSERT_TRUE(*world_.run(watch().lapse(domain, {world_.owner})));
  EXPECT_EQ(owner(), std::nullopt);
  EXPECT_THAT(system_acts(), testing::ElementsAre("sso_domain.lapsed acme.example"));
  EXPECT_FALSE(*world_.run(watch().lapse(domain, {world_.owner}))) << "once";
  EXPECT_THAT(system_acts(), SizeIs(1));
  EXPECT_EQ((*world_.run(world_.domains().find(world_.workspace, kDomain))).verified_at,
            std::nullopt);
  world_.own(world_.workspace, kDomain);
  EXPECT_EQ(owner(), world_.workspace);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(DomainWatchTest, DomainThatIsStillThereDoesNotLapse) {
  const auto domain = *world_.run(world_.domains().find(world_.workspace, kDomain));
  EXPECT_FALSE(*world_.run(watch().lapse(domain, {world_.owner})));
  EXPECT_EQ(owner(), world_.workspace);
}

}  // namespace
}  // namespace flowsell::sso
