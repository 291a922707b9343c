#include "cluster/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/schema.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::cluster {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Optional;
using testing::SizeIs;
using testkit::code_of;

const store::Sql kReplicaOfFirstCell("SELECT COALESCE(replica, 0) FROM cells WHERE id = 0");
const store::Sql kForget("DELETE FROM replicas");

class MembershipTest : public testing::Test {
 protected:
  using Member = std::unique_ptr<Membership>;
  Member join(std::size_t cells = 4, std::chrono::milliseconds lease = 60s) {
    return join_at("http://127.0.0.1:" + std::to_string(++port_), cells, lease);
  }
  Member join_at(const std::string& address, std::size_t cells = 4,
                 std::chrono::milliseconds lease = 60s) {
    auto member =
        Membership::join(*db_, {.address = address, .cells = cells, .lease = lease}, Time(1s));
    if (!member) throw std::runtime_error(member.error().detail);
    return *std::move(member);
  }

  int port_ = 0;
  testkit::TempFolder folder_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
};

TEST_F(MembershipTest, FirstOneDividesTheDatabase) {
  EXPECT_THAT(join(5)->view()->cells, SizeIs(5));
}

TEST_F(MembershipTest, LaterOneFindsItDivided) {
  join(5);
  EXPECT_THAT(join(9)->view()->cells, SizeIs(5));
}

TEST_F(MembershipTest, MembersSeeEachOtherWithTheirAddress) {
  const auto first = join();
  const auto second = join();
  ASSERT_TRUE(first->beat());
  ASSERT_NE(first->view()->find(second->me()), nullptr);
  EXPECT_EQ(first->view()->find(second->me())->address, "http://127.0.0.1:2");
}

TEST_F(MembershipTest, CellIsTakenByOneOnly) {
  const auto first = join();
  const auto second = join();
  EXPECT_THAT(first->take(0), Optional(true));
  EXPECT_THAT(second->take(0), Optional(false));
  EXPECT_EQ(first->view()->cells.at(0), first->me());
}

TEST_F(MembershipTest, CellThatWasGivenIsFree) {
  const auto first = join();
  const auto second = join();
  ASSERT_TRUE(first->take(0));
  ASSERT_TRUE(first->give(0));
  EXPECT_THAT(second->take(0), Optional(true));
}

TEST_F(MembershipTest, NobodyGivesWhatIsAnothers) {
  const auto first = join();
  const auto second = join();
  ASSERT_TRUE(first->take(0));
  ASSERT_TRUE(second->give(0));
  EXPECT_EQ(testkit::numbers(*db_, kReplicaOfFirstCell).at(0), first->me());
}

TEST_F(MembershipTest, WhoLeavesFreesItsCells) {
  const auto first = join();
  const auto second = join();
  ASSERT_TRUE(first->take(0) && first->leave());
  ASSERT_TRUE(second->beat());
  EXPECT_EQ(second->view()->find(first->me()), nullptr);
  EXPECT_EQ(second->view()->cells.at(0), std::nullopt);
  EXPECT_FALSE(first->holds_lease());
}

TEST_F(MembershipTest, WhoComesToTheAddressOfAnotherTakesItsPlaceAtOnce) {
  const auto before = join_at("http://here");
  ASSERT_TRUE(before->take(0));
  const auto after = join_at("http://here");
  EXPECT_EQ(after->view()->replicas.size(), 1U);
  EXPECT_THAT(after->take(0), Optional(true));
  EXPECT_EQ(code_of(before->beat()), ErrorCode::kConflict);
}

TEST_F(MembershipTest, WhoHasLeftStillSeesWhoHasWhat) {
  const auto first = join();
  const auto second = join();
  ASSERT_TRUE(first->leave() && second->take(0) && first->look());
  EXPECT_EQ(first->view()->cells.at(0), second->me());
  EXPECT_EQ(first->view()->find(first->me()), nullptr);
}

TEST_F(MembershipTest, WhoDoesNotBeatIsTakenOut) {
  const auto dead = join();
  ASSERT_TRUE(dead->take(0));
  const auto living = join(4, 400ms);
  EXPECT_TRUE(testkit::eventually([&] {
    const auto beaten = living->beat();
    return beaten && living->view()->find(dead->me()) == nullptr;
  }));
  EXPECT_THAT(living->take(0), Optional(true));
}

TEST_F(MembershipTest, WhoWasTakenOutLearnsItAndHoldsNoLease) {
  const auto member = join();
  EXPECT_TRUE(member->holds_lease());
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) { return db.write(kForget, {}); }));
  EXPECT_EQ(code_of(member->beat()), ErrorCode::kConflict);
  EXPECT_FALSE(member->holds_lease());
}

TEST_F(MembershipTest, WhoWasTakenOutTakesNothing) {
  const auto member = join();
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) { return db.write(kForget, {}); }));
  EXPECT_THAT(member->take(0), Optional(false));
}

TEST_F(MembershipTest, CellOfOneThatIsNoMemberIsFree) {
  const auto gone = join();
  ASSERT_TRUE(gone->take(0));
  ASSERT_TRUE(testkit::write(*db_, [](store::Connection& db) { return db.write(kForget, {}); }));
  const auto next = join();
  EXPECT_THAT(next->view()->to_take(next->me()), Contains(0));
  EXPECT_THAT(next->take(0), Optional(true));
}

TEST_F(MembershipTest, LeaseEndsByItselfWithoutADatabase) {
  const auto member = join(4, 500ms);
  db_->stop();
  EXPECT_EQ(code_of(member->beat()), ErrorCode::kShuttingDown);
  EXPECT_TRUE(testkit::eventually([&] { return !member->holds_lease(); }));
}

TEST_F(MembershipTest, NextBeatIsWithinASecond) {
  const auto member = join();
  EXPECT_LE(member->next_beat(), boot_time() + Membership::kBeat);
}

}  // namespace
}  // namespace flowsell::cluster
