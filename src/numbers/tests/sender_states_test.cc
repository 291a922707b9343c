#include "numbers/sender_states.h"

#include <gtest/gtest.h>

#include "numbers/schema.h"
#include "state_change.h"
#include "testkit/database.h"

namespace flowsell::numbers {
namespace {

using namespace std::chrono_literals;

class SenderStatesTest : public testing::Test {
 protected:
  KnownState change(const std::function<Result<KnownState>(store::Connection&)>& body) {
    return testkit::in_transaction(*db_, body);
  }
  KnownState put(channel::SenderState state) {
    return change([&](store::Connection& db) { return put_state(db, key_, state, now_); });
  }
  KnownState tell(const channel::SenderState& news) {
    return change([&](store::Connection& db) { return store_news(db, key_, news); });
  }
  KnownState stored() {
    SenderStates states;
    EXPECT_TRUE(states.load(*db_));
    return states.find(key_.sender);
  }

  ManualClock clock_{from_unix_ms(1'790'000'000'000)};
  IdSource ids_{clock_};
  Time now_ = clock_.now();
  testkit::TempFolder folder_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(folder_, {migrations()});
  StateKey key_{ids_.next<IdKind::kWorkspace>(), ids_.next<IdKind::kSender>()};
};

channel::SenderState full_state() {
  channel::SenderState state;
  state.name = "Shop";
  state.name_status = "approved";
  state.requested_name_status = "none";
  state.status = "connected";
  state.quality = "green";
  state.throughput = "standard";
  state.verification = "verified";
  state.platform = "cloud_api";
  state.account_mode = "live";
  state.messaging_limit = "tier_2k";
  state.is_official = false;
  state.has_pin = true;
  return state;
}

TEST_F(SenderStatesTest, WhatIsNotKnownIsEmpty) {
  EXPECT_EQ(SenderStates().find(key_.sender).state, channel::SenderState{});
  EXPECT_EQ(stored().synced_at, std::nullopt);
}

TEST_F(SenderStatesTest, WholeStateIsReadBackAsItWasStored) {
  put(full_state());
  EXPECT_EQ(stored().state, full_state());
  EXPECT_EQ(stored().synced_at, now_);
  EXPECT_FALSE(stored().is_gone);
}

TEST_F(SenderStatesTest, NewsOfAnUnknownSenderAreAllThatIsKnown) {
  channel::SenderState news;
  news.quality = "red";
  EXPECT_EQ(tell(news).state, news);
  EXPECT_EQ(stored().state, news);
  EXPECT_EQ(stored().synced_at, std::nullopt);
}

TEST_F(SenderStatesTest, NewsChangeWhatTheySay) {
  put(full_state());
  channel::SenderState news;
  news.throughput = "high";
  tell(news);
  auto expected = full_state();
  expected.throughput = "high";
  EXPECT_EQ(stored().state, expected);
  EXPECT_EQ(stored().synced_at, now_) << "news are no sync";
}

TEST_F(SenderStatesTest, NameThatIsUnderReviewOutlivesASync) {
  auto asked = full_state();
  asked.requested_name = "Other shop";
  asked.requested_name_status = "pending_review";
  put(asked);
  auto synced = full_state();
  synced.requested_name_status = "pending_review";  // the provider does not repeat the name
  EXPECT_EQ(put(synced).state.requested_name, "Other shop");
  EXPECT_EQ(put(full_state()).state.requested_name, "") << "none is asked for any more";
}

TEST_F(SenderStatesTest, NewNameEndsItsReview) {
  auto asked = full_state();
  asked.requested_name = "Other shop";
  asked.requested_name_status = "pending_review";
  put(asked);
  channel::SenderState news;
  news.name = "Other shop";
  news.name_status = "approved";
  news.requested_name_status = "none";
  const auto known = tell(news);
  EXPECT_EQ(known.state.name, "Other shop");
  EXPECT_EQ(known.state.requested_name, "");
}

TEST_F(SenderStatesTest, SenderThatIsSyncedAgainIsNotGone) {
  change([&](store::Connection& db) -> Result<KnownState> {
    KnownState gone;
    gone.is_gone = true;
    CHECK_OK(store_state(db, key_, gone));
    return gone;
  });
  EXPECT_TRUE(stored().is_gone);
  put(full_state());
  EXPECT_FALSE(stored().is_gone);
}

TEST_F(SenderStatesTest, MemoryTellsOfEachChange) {
  std::vector<SenderId> told;
  SenderStates states([&told](const SenderId& sender) { told.push_back(sender); });
  states.put(key_.sender, {.state = full_state()});
  EXPECT_EQ(told, std::vector{key_.sender});
}

TEST_F(SenderStatesTest, LastWebhookOutlivesASync) {
  SenderStates states;
  states.note_webhook(key_.sender, now_);
  states.put(key_.sender, {.state = full_state()});
  EXPECT_EQ(states.find(key_.sender).webhook_at, now_);
}

TEST_F(SenderStatesTest, ForgottenSenderIsUnknown) {
  SenderStates states;
  states.put(key_.sender, {.state = full_state()});
  states.forget(key_.sender);
  EXPECT_EQ(states.find(key_.sender).state, channel::SenderState{});
}

}  // namespace
}  // namespace flowsell::numbers
