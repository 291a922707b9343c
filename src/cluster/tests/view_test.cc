#include "cluster/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowsell::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kLease = 3000ms;

View view_of(std::vector<ReplicaId> replicas, std::vector<ReplicaId> owners) {
  View view;
  for (const ReplicaId id : replicas) view.replicas.push_back({id, "http://here", 1});
  for (const ReplicaId owner : owners)
    view.cells.push_back(owner == 0 ? std::nullopt : std::optional(owner));
  return view;
}

/// Each replica does what it may, one after the other, until nobody does anything.
std::vector<std::size_t> settled(View view, int& moves) {
  for (bool moved = true; moved;) {
    moved = false;
    for (const Replica& replica : view.replicas) {
      for (const std::size_t cell : view.to_give(replica.id)) {
        view.cells[cell].reset();
        moved = true;
        ++moves;
      }
      for (const std::size_t cell : view.to_take(replica.id)) {
        view.cells[cell] = replica.id;
        moved = true;
      }
    }
    if (moves > 1000) break;
  }
  std::vector<std::size_t> counts;
  for (const Replica& replica : view.replicas) counts.push_back(view.count_of(replica.id));
  return counts;
}

TEST(View, FirstReplicaMayTakeAllCells) {
  EXPECT_THAT(view_of({7}, {0, 0, 0}).to_take(7), ElementsAre(0, 1, 2));
}

TEST(View, ReplicaThatHasItsShareTakesAndGivesNothing) {
  const View view = view_of({1, 2}, {1, 1, 2, 2});
  EXPECT_THAT(view.to_take(1), IsEmpty());
  EXPECT_THAT(view.to_give(1), IsEmpty());
}

TEST(View, NewcomerIsGivenWhatOthersHaveTooMany) {
  const View view = view_of({1, 2}, {1, 1, 1, 1});
  EXPECT_THAT(view.to_give(1), SizeIs(2));
  EXPECT_THAT(view.to_take(2), IsEmpty());
}

TEST(View, CellsOfTheDeadAreTakenByThoseWhoHaveLess) {
  EXPECT_THAT(view_of({1, 2}, {1, 1, 2, 0}).to_take(2), ElementsAre(3));
  EXPECT_THAT(view_of({1, 2}, {1, 1, 2, 0}).to_take(1), IsEmpty());
}

TEST(View, MoreReplicasThanCellsLeaveSomeWithNone) {
  EXPECT_THAT(view_of({1, 2, 3}, {1, 2}).to_take(3), IsEmpty());
  EXPECT_THAT(view_of({1, 2, 3}, {1, 2}).to_give(1), IsEmpty());
}

struct Spread {
  const char* name;
  std::vector<ReplicaId> replicas;
  std::vector<ReplicaId> owners;
  std::vector<std::size_t> counts;
  int moves_max;
};
class ViewSettles : public testing::TestWithParam<Spread> {};

TEST_P(ViewSettles, InEvenSharesWithFewMoves) {
  const Spread& spread = GetParam();
  int moves = 0;
  auto counts = settled(view_of(spread.replicas, spread.owners), moves);
  std::ranges::sort(counts, std::greater<>());
  EXPECT_EQ(counts, spread.counts);
  EXPECT_LE(moves, spread.moves_max);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ViewSettles,
    testing::Values(Spread{"NothingTaken", {1, 2, 3}, {0, 0, 0, 0, 0, 0, 0, 0}, {3, 3, 2}, 0},
                    Spread{"OneHadAll", {1, 2, 3}, {2, 2, 2, 2}, {2, 1, 1}, 2},
                    Spread{"TwoHadAllOfFour", {1, 2, 3}, {1, 1, 2, 2}, {2, 1, 1}, 1},
                    Spread{"ThirdComes", {1, 2, 3}, {1, 1, 1, 1, 2, 2, 2, 2}, {3, 3, 2}, 2},
                    Spread{"OneDied", {1, 3}, {1, 1, 0, 0, 3, 3, 0, 3}, {4, 4}, 0},
                    Spread{"LastIsLeft", {5}, {5, 0, 0, 5}, {4}, 0}),
    [](const auto& each) { return each.param.name; });

class BeatWatchTest : public testing::Test {
 protected:
  void look(std::chrono::milliseconds after, std::int64_t beat_of_two) {
    now_ += after;
    View view = view_of({1, 2}, {});
    view.replicas[1].beat = beat_of_two;
    view.replicas[0].beat = ++own_beat_;
    watch_.see(view, now_);
  }
  std::vector<ReplicaId> over(std::chrono::milliseconds after = 0ms) {
    std::vector<ReplicaId> ids;
    for (const Replica& each : watch_.over(now_ + after)) ids.push_back(each.id);
    return ids;
  }
  BeatWatch watch_{kLease};
  SteadyTime now_{1h};
  std::int64_t own_beat_ = 0;
};

TEST_F(BeatWatchTest, WhoBeatsLives) {
  for (int beat = 0; beat < 10; ++beat) look(1s, beat);
  EXPECT_THAT(over(), IsEmpty());
}

TEST_F(BeatWatchTest, WhoDoesNotBeatForALeaseIsOver) {
  for (int i = 0; i < 3; ++i) look(1s, 5);
  EXPECT_THAT(over(999ms), IsEmpty());
  EXPECT_THAT(over(1000ms), ElementsAre(2));
}

TEST_F(BeatWatchTest, LeaseIsCountedFromWhenTheBeatWasSeen) {
  look(1s, 1);
  look(1s, 2);
  EXPECT_EQ(watch_.next_end(), now_ + kLease);
}

TEST_F(BeatWatchTest, NobodyDiesOfATimeInWhichNobodyCouldLook) {
  look(1s, 5);
  look(1min, 5);
  EXPECT_THAT(over(), IsEmpty());
  look(1s, 5);
  look(1s, 5);
  look(1s, 5);
  EXPECT_THAT(over(), ElementsAre(2));
}

TEST_F(BeatWatchTest, WhoHasLeftIsForgotten) {
  look(1s, 5);
  watch_.see(view_of({1}, {}), now_);
  EXPECT_THAT(over(1h), ElementsAre(1));
}

TEST(BootTime, GoesForward) {
  const auto before = boot_time();
  EXPECT_LE(before, boot_time());
}

}  // namespace
}  // namespace flowsell::cluster
