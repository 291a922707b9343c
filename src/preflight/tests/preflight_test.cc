#include "preflight/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consent/opt_outs.h"
#include "consent/schema.h"
#include "messaging_world.h"

namespace flowsell::preflight {
namespace {

using namespace std::chrono_literals;
using messaging::kAna;
using messaging::kBela;
using messaging::MessagingWorld;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kCard = R"({
  "form": "flowsell-rate-card/1",
  "markets": [{"country": "IN", "calling_codes": ["91"]}],
  "lists": [{"valid_from": "1970-01-01", "currency": "USD", "rates": [
    {"country": "IN", "category": "marketing", "price": "0.01"},
    {"country": "US", "category": "marketing", "price": "0.025"}]}]
})";

class PreflightTest : public testing::Test {
 protected:
  Forecast look(Batch batch) {
    batch.caller = world_.caller;
    batch.sender = world_.sender;
    if (batch.category.empty()) batch.category = "marketing";
    auto forecast = testkit::run(world_.pool, preflight_.look(std::move(batch)));
    EXPECT_TRUE(forecast);
    return forecast.value_or(Forecast{});
  }
  static Batch of_count(std::int64_t count) {
    Batch batch;
    batch.parts = {{"IN", count}};
    return batch;
  }
  static Batch of_people(std::vector<std::string> people, std::string category = "marketing") {
    Batch batch;
    batch.category = std::move(category);
    for (const auto& each : people)
      batch.recipients.push_back(channel::Recipient::parse(each).value());
    return batch;
  }
  void know(const channel::SenderState& state) {
    world_.states.put(world_.sender->id, {.state = state, .synced_at = world_.clock.now()});
  }
  static std::vector<std::string> codes_of(const Forecast& forecast) {
    std::vector<std::string> codes;
    for (const auto& each : forecast.obstacles) codes.push_back(each.code);
    return codes;
  }
  static channel::SenderState sound() {
    channel::SenderState state;
    state.status = "connected";
    state.quality = "green";
    state.throughput = "standard";
    state.messaging_limit = "tier_2k";
    return state;
  }

  MessagingWorld world_{{.more_tables = {consent::migrations()}}};
  Preflight preflight_{*world_.db,
                       world_.senders,
                       world_.states,
                       world_.provider_calls,
                       world_.accept,
                       world_.workspaces.settings(),
                       world_.clock,
                       {world_.options.limits, 80,
                        std::make_shared<const RateCard>(RateCard::parse(kCard).value())}};
};

TEST_F(PreflightTest, OfASoundSenderFindsNoObstacle) {
  know(sound());
  EXPECT_THAT(codes_of(look(of_count(10))), IsEmpty());
}

TEST_F(PreflightTest, CostIsTheSumOfCountries) {
  Batch batch;
  batch.parts = {{"IN", 100}, {"US", 10}};
  const auto cost = look(batch).cost;
  EXPECT_EQ(cost.amount, 1'250'000);
  EXPECT_EQ(cost.currency, "USD");
}

TEST_F(PreflightTest, CostOfPeopleGoesByTheirNumbers) {
  EXPECT_EQ(look(of_people({kAna})).cost.amount, 10'000);
}

TEST_F(PreflightTest, CostThatIsNotKnownSaysWhy) {
  Batch batch;
  batch.parts = {{"IN", 100}, {"DE", 10}};
  const auto cost = look(batch).cost;
  EXPECT_EQ(cost.amount, std::nullopt);
  EXPECT_EQ(cost.why, "the rate card has no price for DE");
  EXPECT_EQ(cost.countries.at(1).amount, 1'000'000) << "what is known is told";
}

TEST_F(PreflightTest, PaceIsTheSenders) {
  auto state = sound();
  state.throughput = "high";
  know(state);
  auto forecast = look(of_count(100'000));
  EXPECT_EQ(forecast.per_second, 1'000);
  EXPECT_EQ(forecast.seconds, 100);
  EXPECT_GT(forecast.finishes_at, world_.clock.now() + 90s);
  EXPECT_LE(forecast.finishes_at, world_.clock.now() + 100s);
  state.is_on_app = true;
  know(state);
  EXPECT_EQ(look(of_count(100)).seconds, 5);
}

TEST_F(PreflightTest, QuotaThatIsTooSmallSaysByHowMany) {
  know(sound());
  const auto forecast = look(of_count(1'005));
  ASSERT_THAT(codes_of(forecast), ElementsAre("quota_exhausted"));
  EXPECT_EQ(forecast.obstacles[0].count, 5);
}

TEST_F(PreflightTest, LimitOfPeopleSaysByHowMany) {
  auto state = sound();
  state.messaging_limit = "tier_250";
  know(state);
  const auto forecast = look(of_count(300));
  ASSERT_THAT(codes_of(forecast), ElementsAre("messaging_limit"));
  EXPECT_EQ(forecast.obstacles[0].count, 50);
  EXPECT_EQ(forecast.headroom.fits, false);
}

TEST_F(PreflightTest, LimitThatIsNotKnownFitsNeitherWay) {
  EXPECT_EQ(look(of_count(300)).headroom.fits, std::nullopt);
}

TEST_F(PreflightTest, SenderThatWasNeverSyncedIsNoted) {
  EXPECT_THAT(codes_of(look(of_count(1))), ElementsAre("sender_not_synced"));
}

struct StateCase {
  const char* name;
  std::string channel::SenderState::* field;
  const char* value;
  const char* code;
  bool stops_all;
};
class PreflightOfState : public PreflightTest, public testing::WithParamInterface<StateCase> {};

TEST_P(PreflightOfState, FindsTheObstacle) {
  auto state = sound();
  state.*GetParam().field = GetParam().value;
  know(state);
  const auto forecast = look(of_count(1));
  ASSERT_THAT(codes_of(forecast), ElementsAre(GetParam().code));
  EXPECT_EQ(forecast.obstacles[0].stops_all, GetParam().stops_all);
}

const StateCase kStateCases[] = {
    {"NotRegistered", &channel::SenderState::status, "disconnected", "number_not_registered", true},
    {"Banned", &channel::SenderState::status, "banned", "number_banned", true},
    {"Deleted", &channel::SenderState::status, "deleted", "number_deleted", true},
    {"QualityRed", &channel::SenderState::quality, "red", "quality_red", false},
};
INSTANTIATE_TEST_SUITE_P(Table, PreflightOfState, testing::ValuesIn(kStateCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(PreflightTest, WhoStoppedMarketingIsCountedForMarketingOnly) {
  know(sound());
  const auto contact = world_.accept.hash_of(world_.caller.workspace, kAna);
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
    return consent::record_choice(db, {world_.caller.workspace, world_.sender->id, contact}, true,
                                  world_.clock.now());
  }));
  const auto forecast = look(of_people({kAna, kBela}));
  ASSERT_THAT(codes_of(forecast), ElementsAre("recipient_opted_out"));
  EXPECT_EQ(forecast.obstacles[0].count, 1);
  EXPECT_THAT(codes_of(look(of_people({kAna, kBela}, "utility"))), IsEmpty());
}

TEST_F(PreflightTest, WhoWroteTodayIsOutsideOfTheLimit) {
  know(sound());
  channel::InboundMessage update;
  update.address = world_.sender->address;
  update.provider_message_id = "in.1";
  update.from = kAna;
  update.kind = "text";
  update.at = world_.clock.now();
  ASSERT_TRUE(world_.apply({update}));
  EXPECT_EQ(look(of_people({kAna, kBela})).headroom.needed, 1);
  world_.clock.skip(25h);
  EXPECT_EQ(look(of_people({kAna, kBela})).headroom.needed, 2);
}

TEST_F(PreflightTest, ServiceMessageReachesOnlyWhoWrote) {
  know(sound());
  const auto forecast = look(of_people({kAna}, "service"));
  ASSERT_THAT(codes_of(forecast), ElementsAre("window_closed"));
  EXPECT_EQ(forecast.headroom.needed, 0);
}

TEST_F(PreflightTest, PersonTwiceIsNotedAndNeedsOnePlace) {
  know(sound());
  const auto forecast = look(of_people({kAna, kAna}));
  ASSERT_THAT(codes_of(forecast), ElementsAre("duplicate_recipient"));
  EXPECT_EQ(forecast.headroom.needed, 1);
  EXPECT_EQ(forecast.count, 2);
}

TEST_F(PreflightTest, StoresNothing) {
  know(sound());
  look(of_people({kAna}));
  EXPECT_THAT(world_.event_types(), IsEmpty());
  EXPECT_EQ(world_.provider.seen_count(), 0U);
  static const store::Sql kMessages("SELECT COUNT(*) FROM messages");
  EXPECT_THAT(testkit::numbers(*world_.db, kMessages), ElementsAre(0));
}

}  // namespace
}  // namespace flowsell::preflight
