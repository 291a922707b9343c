#include "webhook/deliveries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webhook/signature.h"
#include "webhook_world.h"

namespace flowsell::webhook {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Delivery : public testing::Test {
 protected:
  DeliveryRow only_delivery() {
    const auto rows = world_.deliveries_now();
    return rows.size() == 1 ? rows[0] : DeliveryRow{};
  }
  /// Tells one event and waits until its attempt has ended.
  void deliver() {
    endpoint_ = world_.add_endpoint(imposter_.url("/in?x=1"));
    world_.tell(world_.draft());
    ASSERT_THAT(imposter_.wait_for(1), SizeIs(1));
    ASSERT_TRUE(world_.idle());
  }

  testkit::HttpImposter imposter_;
  WebhookWorld world_;
  EndpointPtr endpoint_;
};

TEST_F(Delivery, IsSignedUnderTheEventsId) {
  deliver();
  const auto seen = imposter_.wait_for(1).at(0);
  const auto event = world_.events_now().at(0).draft;
  EXPECT_EQ(seen.target, "/in?x=1");
  EXPECT_EQ(seen.headers.at("content-type"), "application/json");
  EXPECT_EQ(seen.headers.at("webhook-id"), event.id.str());
  EXPECT_EQ(seen.body, Events::render(event));
  const Time at = from_unix_ms(std::stoll(seen.headers.at("webhook-timestamp")) * 1000);
  EXPECT_EQ(seen.headers.at("webhook-signature"),
            sign(endpoint_->secret, event.id.str(), at, seen.body));
}

/// Of an endpoint that has the provider's format.
class OriginalDelivery : public Delivery {
 protected:
  void SetUp() override {
    auto created = testkit::run(
        world_.pool,
        world_.endpoints.create(world_.by(), {imposter_.url(), {"*"}, "", Format::kGraph}, {}));
    ASSERT_TRUE(created);
    endpoint_ = created->endpoint;
  }
  EventDraft original() {
    EventDraft event = world_.draft();
    Events::tell_original(event, Content(R"({"object":"x","entry":[]})"));
    return event;
  }
};

TEST_F(OriginalDelivery, IsSignedAsTheProviderSigns) {
  world_.add_endpoint("https://hooks.example.com/");
  world_.tell(original());
  const auto seen = imposter_.wait_for(1).at(0);
  EXPECT_EQ(seen.body, R"({"object":"x","entry":[]})");
  EXPECT_EQ(seen.headers.at("x-hub-signature-256"), sign_as_graph(endpoint_->secret, seen.body));
  EXPECT_EQ(seen.headers.at("webhook-id"), world_.events_now().at(0).draft.id.str());
  EXPECT_FALSE(seen.headers.contains("webhook-signature"));
  ASSERT_TRUE(world_.idle());
  // Who has our format is not told it.
  EXPECT_EQ(only_delivery().endpoint, endpoint_->id);
}

TEST_F(OriginalDelivery, IsNotMadeOfWhatOthersAreTold) {
  world_.tell(world_.draft());
  EXPECT_THAT(world_.deliveries_now(), IsEmpty());
}

TEST_F(OriginalDelivery, FailsWhenItsTimeIsOver) {
  imposter_.then(500);
  world_.tell(original());
  ASSERT_THAT(imposter_.wait_for(1), SizeIs(1));
  ASSERT_TRUE(world_.idle());
  world_.spool->destroy_expired(world_.clock.now() + 48h);
  world_.skip(6s);
  ASSERT_TRUE(
      testkit::eventually([this] { return only_delivery().status == DeliveryStatus::kFailed; }));
  EXPECT_THAT(only_delivery().attempts_json, HasSubstr("content_unavailable"));
  EXPECT_THAT(imposter_.wait_for(1), SizeIs(1));
}

TEST(GraphSignature, IsTheHmacOfTheBody) {
  // RFC 4231, test case 2.
  EXPECT_EQ(sign_as_graph(Secret("Jefe"), "what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_F(Delivery, SucceedsWithTwoHundred) {
  deliver();
  EXPECT_EQ(only_delivery().status, DeliveryStatus::kSucceeded);
  EXPECT_TRUE(only_delivery().finished_at);
}

TEST_F(Delivery, SucceedsWithEveryStatusOfTheTwoHundreds) {
  imposter_.then(299);
  deliver();
  EXPECT_EQ(only_delivery().status, DeliveryStatus::kSucceeded);
}

TEST_F(Delivery, LeavesNoJobWhenItSucceeded) {
  deliver();
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(Delivery, IsPendingAfterAFiveHundred) {
  imposter_.then(500);
  deliver();
  EXPECT_EQ(only_delivery().status, DeliveryStatus::kPending);
  EXPECT_THAT(only_delivery().attempts_json, HasSubstr(R"("status":500,"error":"http_error")"));
}

TEST_F(Delivery, IsTriedAgainAtItsTime) {
  imposter_.then(500);
  deliver();
  const auto next = only_delivery().next_attempt_at;
  ASSERT_TRUE(next);
  EXPECT_GE(*next - only_delivery().created_at, 4s);
  EXPECT_LE(*next - only_delivery().created_at, 16s);  // 6 s, and what the attempt took
  world_.skip(20s);
  EXPECT_THAT(imposter_.wait_for(2), SizeIs(2));
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(only_delivery().status, DeliveryStatus::kSucceeded);
}

TEST_F(Delivery, KeepsItsIdWhenItIsTriedAgain) {
  imposter_.then(500);
  deliver();
  world_.skip(20s);
  const auto seen = imposter_.wait_for(2);
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].headers.at("webhook-id"), seen[1].headers.at("webhook-id"));
  EXPECT_EQ(seen[0].body, seen[1].body);
}

TEST_F(Delivery, FailsAfterTheLastAttemptOfTheSchedule) {
  imposter_.then(500);
  imposter_.then(500);
  deliver();
  world_.skip(20s);
  imposter_.wait_for(2);
  ASSERT_TRUE(
      testkit::eventually([this] { return only_delivery().status == DeliveryStatus::kFailed; }));
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(Delivery, ThatIsGoneDisablesTheEndpoint) {
  imposter_.then(410);
  deliver();
  EXPECT_EQ(only_delivery().status, DeliveryStatus::kFailed);
  EXPECT_FALSE(world_.endpoints.find(endpoint_->id)->enabled);
}

TEST_F(Delivery, ThatIsNotFoundDisablesNothing) {
  imposter_.then(404);
  deliver();
  EXPECT_TRUE(world_.endpoints.find(endpoint_->id)->enabled);
}

TEST_F(Delivery, FollowsNoRedirect) {
  testkit::HttpImposter elsewhere;
  http::Response redirect;
  redirect.status = 302;
  redirect.headers.push_back({"Location", elsewhere.url()});
  imposter_.then(redirect);
  deliver();
  EXPECT_THAT(only_delivery().attempts_json, HasSubstr(R"("status":302,"error":"redirect")"));
  EXPECT_EQ(elsewhere.seen_count(), 0U);
}

TEST_F(Delivery, ObeysRetryAfterUpToTwiceThePlan) {
  http::Response busy;
  busy.status = 503;
  busy.headers.push_back({"Retry-After", "9"});
  imposter_.then(busy);
  deliver();
  EXPECT_GE(*only_delivery().next_attempt_at - only_delivery().created_at, 9s);
}

TEST_F(Delivery, WaitsAMinuteAtLeastWhereThereWereTooManyRequests) {
  imposter_.then(429);
  deliver();
  EXPECT_GE(*only_delivery().next_attempt_at - only_delivery().created_at, 60s);
}

TEST_F(Delivery, ToAnEndpointRemovedMeanwhileIsCanceled) {
  imposter_.then(500);
  deliver();
  ASSERT_TRUE(testkit::run(world_.pool, world_.endpoints.remove(world_.by(), endpoint_->id)));
  world_.skip(20s);
  EXPECT_TRUE(
      testkit::eventually([this] { return only_delivery().status == DeliveryStatus::kCanceled; }));
  EXPECT_EQ(imposter_.seen_count(), 1U);
}

TEST_F(Delivery, ToAnEndpointDisabledMeanwhileIsCanceled) {
  imposter_.then(500);
  deliver();
  ASSERT_TRUE(testkit::run(world_.pool, world_.endpoints.change(world_.by(), endpoint_->id,
                                                                {.enabled = false}, std::nullopt)));
  world_.skip(20s);
  EXPECT_TRUE(
      testkit::eventually([this] { return only_delivery().status == DeliveryStatus::kCanceled; }));
}

TEST_F(Delivery, OfOneConversationComesInOrder) {
  imposter_.hold();
  endpoint_ = world_.add_endpoint(imposter_.url());
  for (const auto type :
       {EventType::kMessageSent, EventType::kMessageDelivered, EventType::kMessageRead}) {
    world_.tell(world_.draft(type));
  }
  ASSERT_THAT(imposter_.wait_for(1), SizeIs(1));
  imposter_.release();
  std::vector<std::string> types;
  for (const auto& seen : imposter_.wait_for(3))
    types.push_back(seen.body.substr(9, seen.body.find(',') - 10));
  EXPECT_THAT(types, ElementsAre("message.sent", "message.delivered", "message.read"));
}

TEST_F(Delivery, OfAnotherConversationIsNotHeldUp) {
  imposter_.hold();
  endpoint_ = world_.add_endpoint(imposter_.url());
  world_.tell(world_.draft(EventType::kMessageSent, 1));
  world_.tell(world_.draft(EventType::kMessageSent, 2));
  EXPECT_THAT(imposter_.wait_for(2), SizeIs(2));
  imposter_.release();
}

TEST_F(Delivery, ThatWasOpenWhenTheProcessEndedIsMadeAgain) {
  endpoint_ = world_.add_endpoint(imposter_.url());
  auto event = world_.draft();
  auto plan = world_.events.plan_queued(event);
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    CHECK_OK(world_.events.record(db, event, plan));
    TRY(const auto queued, outbox::ready_jobs(db, endpoint_->id.bytes(), 1));
    TRY([[maybe_unused]] const auto claimed, outbox::claim_jobs(db, {&queued.at(0), 1}));
    return {};
  }));
  ASSERT_TRUE(world_.outbox.recover());
  world_.outbox.start();
  const auto seen = imposter_.wait_for(1);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].headers.at("webhook-id"), event.id.str());
}

// ---- deliveries that have no row yet

const store::Sql kRows("SELECT COUNT(*) FROM deliveries");

TEST_F(Delivery, IsListedAsPendingWhileItsFirstAttemptIsOpen) {
  imposter_.hold();
  endpoint_ = world_.add_endpoint(imposter_.url());
  world_.tell(world_.draft());
  imposter_.wait_for(1);
  EXPECT_EQ(testkit::numbers(*world_.db, kRows).at(0), 0);
  const auto row = only_delivery();
  EXPECT_EQ(row.status, DeliveryStatus::kPending);
  EXPECT_EQ(row.endpoint, endpoint_->id);
  EXPECT_EQ(row.event, world_.events_now().at(0).draft.id);
  EXPECT_EQ(row.type, EventType::kMessageSent);
  EXPECT_FALSE(row.finished_at);
  EXPECT_THAT(world_.deliveries_now({.status = DeliveryStatus::kSucceeded}), IsEmpty());
  EXPECT_THAT(world_.deliveries_now({.endpoint = endpoint_->id}), SizeIs(1));
  imposter_.release();
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(testkit::numbers(*world_.db, kRows).at(0), 1);
  EXPECT_EQ(only_delivery().status, DeliveryStatus::kSucceeded);
}

class DeliveryWithoutRoom : public testing::Test {
 protected:
  static WorldOptions options() {
    WorldOptions out;
    out.delivery.concurrency_per_endpoint = 1;
    return out;
  }
  testkit::HttpImposter imposter_;
  WebhookWorld world_{options()};
};

TEST_F(DeliveryWithoutRoom, IsListedComesIntoTheQueueAndIsMade) {
  imposter_.hold();
  world_.add_endpoint(imposter_.url());
  for (outbox::Lane lane = 1; lane <= 3; ++lane)
    world_.tell(world_.draft(EventType::kMessageSent, lane));
  imposter_.wait_for(1);
  EXPECT_THAT(world_.deliveries_now(), SizeIs(3));
  EXPECT_TRUE(testkit::eventually([&] { return world_.jobs() == 2; }));
  EXPECT_THAT(world_.deliveries_now(), SizeIs(3));
  EXPECT_EQ(testkit::numbers(*world_.db, kRows).at(0), 2);
  imposter_.release();
  EXPECT_THAT(imposter_.wait_for(3), SizeIs(3));
  EXPECT_TRUE(testkit::eventually([&] { return world_.jobs() == 0; }));
}

/// Begun deliveries as a process that was killed leaves them.
class DeliveryRecovery : public testing::Test {
 protected:
  DeliveryRecovery() {
    endpoint_ = world_.add_endpoint(imposter_.url(), {"message.read"});
    event_ = world_.draft();
    auto nobody = world_.events.plan_queued(event_);
    EXPECT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
      return world_.events.record(db, event_, nobody);
    }));
  }
  NewDelivery made(bool is_open) {
    return {.id = world_.ids.next<IdKind::kDelivery>(),
            .workspace = world_.caller.workspace,
            .mode = world_.caller.mode,
            .endpoint = endpoint_->id,
            .event = event_.id,
            .type = event_.type,
            .at = world_.clock.now(),
            .lane = 7,
            .is_open = is_open};
  }
  void leave(const std::vector<NewDelivery>& deliveries) {
    BegunDeliveries last;
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
      for (const NewDelivery& each : deliveries) {
        TRY([[maybe_unused]] const auto begun, last.add(db, std::make_shared<NewDelivery>(each)));
      }
      return last.store_added(db);
    }));
  }
  std::vector<outbox::JobRef> ready() {
    return testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
      return outbox::ready_jobs(db, endpoint_->id.bytes(), 10);
    });
  }
  testkit::HttpImposter imposter_;
  WebhookWorld world_;
  EndpointPtr endpoint_;
  EventDraft event_;
};

TEST_F(DeliveryRecovery, OpenOneIsMadeAgainUnderItsEventsId) {
  leave({made(true)});
  ASSERT_TRUE(world_.outbox.recover());
  world_.outbox.start();
  const auto seen = imposter_.wait_for(1);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].headers.at("webhook-id"), event_.id.str());
}

TEST_F(DeliveryRecovery, OneThatHasItsRowIsNotMadeAgain) {
  const auto delivery = made(true);
  leave({delivery});
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
    return insert_attempted(db, delivery, Attempt{delivery.at, 204, {}, 3ms},
                            DeliveryStatus::kSucceeded, {}, delivery.at);
  }));
  ASSERT_TRUE(world_.outbox.recover());
  EXPECT_EQ(world_.jobs(), 0);
  EXPECT_EQ(world_.deliveries_now().at(0).status, DeliveryStatus::kSucceeded);
  ASSERT_TRUE(world_.outbox.recover());
}

TEST_F(DeliveryRecovery, OneLaneGoesOnInItsOrder) {
  const auto open = made(true);
  const auto second = made(false);
  const auto third = made(false);
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    CHECK_OK(insert_delivery(db, second));
    TRY([[maybe_unused]] const auto state,
        outbox::insert_job(db, job_of(second), outbox::JobState::kReady));
    return {};
  }));
  leave({third, open});
  ASSERT_TRUE(world_.outbox.recover());
  EXPECT_EQ(world_.jobs(), 3);
  ASSERT_THAT(ready(), SizeIs(1));
  EXPECT_EQ(ready().at(0).id, open.id.bytes());
  std::vector<outbox::JobId> order;
  for (const NewDelivery& each : {open, second, third}) {
    const auto next = testkit::in_transaction(
        *world_.db, [&](store::Connection& db) -> Result<std::optional<outbox::JobRef>> {
          TRY(const auto claimed, outbox::claim_jobs(db, ready()));
          const outbox::Job& job = *claimed.at(0);
          order.push_back(job.id);
          CHECK_OK(outbox::end_job(db, job.id));
          return outbox::promote_lane(db, {job.group, job.lane});
        });
    EXPECT_EQ(order.back(), each.id.bytes());
    EXPECT_EQ(next.has_value(), each.id != third.id);
  }
}

class UnansweredDelivery : public testing::Test {
 protected:
  static WorldOptions options() {
    WorldOptions out;
    out.delivery.timeout = 1s;
    return out;
  }
  testkit::HttpImposter imposter_;
  WebhookWorld world_{options()};
};

TEST_F(UnansweredDelivery, IsTimedOutAndWaitsAMinuteAtLeast) {
  imposter_.hold();
  world_.add_endpoint(imposter_.url());
  world_.tell(world_.draft());
  imposter_.wait_for(1);
  ASSERT_TRUE(world_.idle());
  const auto row = world_.deliveries_now().at(0);
  EXPECT_THAT(row.attempts_json, HasSubstr(R"("error":"timed_out")"));
  EXPECT_GE(*row.next_attempt_at - row.created_at, 60s);
}

class DeliveryTable : public testing::Test {
 protected:
  DeliveryId insert(const EndpointId& endpoint, const EventId& event) {
    const auto id = world_.ids.next<IdKind::kDelivery>();
    EXPECT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
      return insert_delivery(db, {.id = id,
                                  .workspace = world_.caller.workspace,
                                  .mode = world_.caller.mode,
                                  .endpoint = endpoint,
                                  .event = event,
                                  .at = world_.clock.now()});
    }));
    return id;
  }
  void record(const DeliveryId& id, const std::optional<Attempt>& attempt, DeliveryStatus status,
              std::optional<Time> next = {}) {
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
      return record_attempt(db, world_.caller.workspace, id, attempt, status, next,
                            world_.clock.now());
    }));
  }
  DeliveryPage list(DeliveryQuery query) {
    query.workspace = world_.caller.workspace;
    return testkit::in_snapshot(*world_.db,
                                [&](store::Connection& db) { return list_deliveries(db, query); });
  }
  std::vector<DeliveryId> page(const DeliveryQuery& query) {
    std::vector<DeliveryId> ids;
    for (const auto& row : list(query).rows) ids.push_back(row.id);
    return ids;
  }

  WebhookWorld world_;
  EndpointId endpoint_ = world_.ids.next<IdKind::kEndpoint>();
  EventId event_ = world_.ids.next<IdKind::kEvent>();
};

TEST_F(DeliveryTable, NewDeliveryIsPendingAndHasNoAttempt) {
  insert(endpoint_, event_);
  const auto row = world_.deliveries_now().at(0);
  EXPECT_EQ(row.status, DeliveryStatus::kPending);
  EXPECT_EQ(row.attempts_json, "");
}

TEST_F(DeliveryTable, AttemptsAreKeptInOrder) {
  const auto id = insert(endpoint_, event_);
  const Time at = *parse_time("2026-11-23T00:00:00Z");
  record(id, Attempt{at, 500, "http_error", 12ms}, DeliveryStatus::kPending, at + 5s);
  record(id, Attempt{at + 5s, 0, "timed_out", 9ms}, DeliveryStatus::kFailed);
  EXPECT_EQ(
      world_.deliveries_now().at(0).attempts_json,
      R"({"at":"2026-11-23T00:00:00.000Z","status":500,"error":"http_error","latency_ms":12},)"
      R"({"at":"2026-11-23T00:00:05.000Z","error":"timed_out","latency_ms":9})");
}

TEST_F(DeliveryTable, PageIsNewestFirst) {
  const auto first = insert(endpoint_, event_);
  const auto second = insert(endpoint_, event_);
  EXPECT_THAT(page({}), ElementsAre(second, first));
}

TEST_F(DeliveryTable, PageBeforeADeliveryHoldsItsNextNewer) {
  const auto first = insert(endpoint_, event_);
  const auto second = insert(endpoint_, event_);
  insert(endpoint_, event_);
  EXPECT_THAT(page({.before = first, .limit = 1}), ElementsAre(second));
}

TEST_F(DeliveryTable, FiltersByEndpointEventAndStatus) {
  const auto mine = insert(endpoint_, event_);
  insert(world_.ids.next<IdKind::kEndpoint>(), event_);
  insert(endpoint_, world_.ids.next<IdKind::kEvent>());
  const auto ended = insert(endpoint_, event_);
  record(ended, std::nullopt, DeliveryStatus::kCanceled);
  EXPECT_THAT(page({.endpoint = endpoint_, .event = event_, .status = DeliveryStatus::kPending}),
              ElementsAre(mine));
}

TEST_F(DeliveryTable, SearchStopsAfterTwentyThousandRowsAndSaysWhere) {
  const auto oldest = insert(endpoint_, event_);
  const auto other = world_.ids.next<IdKind::kEndpoint>();
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    for (int i = 0; i < 20'000; ++i) {
      const auto id = world_.ids.next<IdKind::kDelivery>();
      CHECK_OK(insert_delivery(db, {.id = id,
                                    .workspace = world_.caller.workspace,
                                    .mode = world_.caller.mode,
                                    .endpoint = other,
                                    .event = event_,
                                    .at = world_.clock.now()}));
    }
    return {};
  }));
  const auto newest = insert(endpoint_, event_);
  const auto down = list({.endpoint = endpoint_, .after = newest});
  EXPECT_THAT(down.rows, IsEmpty());
  ASSERT_TRUE(down.has_more);
  EXPECT_THAT(page({.endpoint = endpoint_, .after = down.next}), ElementsAre(oldest));
  const auto up = list({.endpoint = endpoint_, .before = oldest});
  EXPECT_THAT(up.rows, IsEmpty());
  ASSERT_TRUE(up.has_more);
  EXPECT_THAT(page({.endpoint = endpoint_, .before = up.next}), ElementsAre(newest));
}

TEST_F(DeliveryTable, EventOfADeliveryIsFound) {
  const auto id = insert(endpoint_, event_);
  const auto found = testkit::in_snapshot(
      *world_.db, [&](store::Connection& db) { return event_of(db, world_.caller.workspace, id); });
  EXPECT_EQ(found, event_);
}

TEST(DeliveryStatusName, IsReadBack) {
  for (int n = 0; n <= 3; ++n) {
    const auto status = static_cast<DeliveryStatus>(n);
    EXPECT_EQ(parse_delivery_status(delivery_status_name(status)), status);
  }
  EXPECT_EQ(parse_delivery_status("lost"), std::nullopt);
}

}  // namespace
}  // namespace flowsell::webhook
