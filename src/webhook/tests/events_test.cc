#include "webhook/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"
#include "webhook_world.h"

namespace flowsell::webhook {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kMarker = "a-word-that-only-content-has";
const store::Sql kPlanOfAllOfSubject(
    "EXPLAIN QUERY PLAN SELECT id FROM events "
    "WHERE workspace_id = ?1 AND subject = ?2 AND type >= 10 AND type = 10");
const store::Sql kSealed("SELECT COUNT(*) FROM events WHERE sealed IS NOT NULL");

class EventsTest : public testing::Test {
 protected:
  EventDraft with_content() {
    auto event = world_.draft(EventType::kMessageReceived);
    event.content = Content(std::string(R"("text":{"body":")") + kMarker + R"("})");
    return event;
  }
  std::vector<EventId> tell_some(int count) {
    for (int i = 0; i < count; ++i) world_.tell(world_.draft());
    std::vector<EventId> ids;
    for (const auto& event : world_.events_now({.limit = 100})) ids.push_back(event.draft.id);
    std::ranges::sort(ids);
    return ids;
  }
  EventPage list(EventQuery query) {
    query.workspace = world_.caller.workspace;
    return testkit::in_snapshot(
        *world_.db, [&](store::Connection& db) { return list_events(db, *world_.spool, query); });
  }
  std::vector<EventId> page(const EventQuery& query) {
    std::vector<EventId> ids;
    for (const auto& event : list(query).rows) ids.push_back(event.draft.id);
    return ids;
  }
  std::int64_t destroy_expired(Time now) {
    return testkit::in_transaction(
        *world_.db, [now](store::Connection& db) -> Result<std::int64_t> {
          TRY(const auto destroyed, Events::destroy_expired_content(db, now));
          return destroyed.total;
        });
  }
  std::int64_t sealed() { return testkit::numbers(*world_.db, kSealed).at(0); }

  WebhookWorld world_;
};

TEST_F(EventsTest, EventIsReadBack) {
  const auto told = world_.draft(EventType::kMessageFailed);
  world_.tell(told);
  const auto events = world_.events_now();
  ASSERT_THAT(events, SizeIs(1));
  const auto& read = events[0].draft;
  EXPECT_EQ(read.type, told.type);
  EXPECT_EQ(read.subject, told.subject);
  EXPECT_EQ(read.at, told.at);
  EXPECT_EQ(read.body, told.body);
}

TEST_F(EventsTest, EventOfTheOtherModeIsNotListed) {
  world_.tell(world_.draft());
  world_.caller.mode = identity::Mode::kLive;
  EXPECT_THAT(world_.events_now(), IsEmpty());
}

TEST_F(EventsTest, EventOfAnotherWorkspaceIsNotRead) {
  const auto id = tell_some(1).at(0);
  const auto stranger = world_.ids.next<IdKind::kWorkspace>();
  const auto read = testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
    return read_event(db, *world_.spool, stranger, id);
  });
  EXPECT_FALSE(read);
}

TEST_F(EventsTest, PageIsNewestFirst) {
  const auto ids = tell_some(3);
  EXPECT_THAT(page({}), ElementsAre(ids[2], ids[1], ids[0]));
}

TEST_F(EventsTest, PageAfterAnEventIsOlder) {
  const auto ids = tell_some(4);
  EXPECT_THAT(page({.after = ids[2], .limit = 2}), ElementsAre(ids[1], ids[0]));
}

TEST_F(EventsTest, PageBeforeAnEventHoldsItsNextNewer) {
  const auto ids = tell_some(5);
  EXPECT_THAT(page({.before = ids[1], .limit = 2}), ElementsAre(ids[3], ids[2]));
}

TEST_F(EventsTest, PageBetweenTwoEventsHoldsNeither) {
  const auto ids = tell_some(5);
  EXPECT_THAT(page({.after = ids[4], .before = ids[1]}), ElementsAre(ids[3], ids[2]));
}

TEST_F(EventsTest, FullPageSaysThatThereIsMore) {
  tell_some(3);
  EXPECT_TRUE(list({.limit = 2}).has_more);
  EXPECT_FALSE(list({.limit = 3}).has_more);
}

TEST_F(EventsTest, PageUpwardsGoesOnAtItsNewest) {
  const auto ids = tell_some(4);
  const auto page = list({.before = ids[0], .limit = 2});
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.next, ids[2]);
  EXPECT_FALSE(list({.before = page.next, .limit = 2}).has_more);
}

TEST_F(EventsTest, SearchStopsAfterTwentyThousandRowsAndSaysWhere) {
  world_.tell(world_.draft(EventType::kMessageFailed));
  ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
    for (int i = 0; i < 20'000; ++i) {
      auto event = world_.draft(EventType::kMessageSent);
      EventPlan nobody;
      CHECK_OK(world_.events.record(db, event, nobody));
    }
    return {};
  }));
  world_.tell(world_.draft(EventType::kMessageRead));
  const auto newest = page({.limit = 1}).at(0);
  const auto down = list({.type = EventType::kMessageFailed, .after = newest});
  EXPECT_THAT(down.rows, IsEmpty());
  ASSERT_TRUE(down.has_more);
  const auto oldest = page({.type = EventType::kMessageFailed, .after = down.next});
  ASSERT_THAT(oldest, SizeIs(1));
  const auto up = list({.type = EventType::kMessageRead, .before = oldest[0]});
  EXPECT_THAT(up.rows, IsEmpty());
  ASSERT_TRUE(up.has_more);
  EXPECT_THAT(page({.type = EventType::kMessageRead, .before = up.next}), ElementsAre(newest));
}

TEST_F(EventsTest, WhatIsToldOnceIsFoundByItsIndex) {
  if (testkit::tests_run_on_postgres()) GTEST_SKIP() << "it would scan a table as small as this";
  const auto plan =
      testkit::in_snapshot(*world_.db, [this](store::Connection& db) -> Result<std::string> {
        std::string text;
        CHECK_OK(db.query(kPlanOfAllOfSubject, {world_.caller.workspace, world_.caller.workspace},
                          [&text](const store::Row& row) { text += row.text(3); }));
        return text;
      });
  EXPECT_THAT(plan, HasSubstr("events_once"));
}

TEST_F(EventsTest, PageOfOneTypeHoldsNoOther) {
  world_.tell(world_.draft(EventType::kMessageRead));
  world_.tell(world_.draft(EventType::kMessageSent));
  const auto events = world_.events_now({.type = EventType::kMessageRead});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].draft.type, EventType::kMessageRead);
}

TEST_F(EventsTest, ContentIsReadBackWhileItLives) {
  world_.tell(with_content());
  const auto events = world_.events_now();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_THAT(std::string(events[0].draft.content.reveal()), HasSubstr(kMarker));
  EXPECT_FALSE(events[0].content_expired);
}

TEST_F(EventsTest, ContentIsInNoFile) {
  world_.tell(with_content());
  ASSERT_EQ(sealed(), 1);
  EXPECT_FALSE(world_.folder.holds(kMarker));
}

TEST_F(EventsTest, ContentOfAnEventThatNobodyWantsLivesToItsExpiry) {
  world_.tell(with_content());
  const Time told = world_.clock.now();
  EXPECT_EQ(destroy_expired(told + 23h + 59min), 0);
  EXPECT_EQ(destroy_expired(told + 24h), 1);
  EXPECT_EQ(sealed(), 0);
}

TEST_F(EventsTest, EventWhoseContentWasDestroyedSaysSo) {
  world_.tell(with_content());
  destroy_expired(world_.clock.now() + 24h);
  const auto events = world_.events_now();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_TRUE(events[0].content_expired);
  EXPECT_TRUE(events[0].draft.content.empty());
}

TEST_F(EventsTest, EventWhoseKeyWasDestroyedSaysSo) {
  world_.tell(with_content());
  world_.spool->destroy_expired(world_.clock.now() + 48h);
  EXPECT_TRUE(world_.events_now().at(0).content_expired);
}

TEST_F(EventsTest, EventWithoutContentIsNotExpired) {
  world_.tell(world_.draft(EventType::kMessageSent));
  EXPECT_FALSE(world_.events_now().at(0).content_expired);
}

TEST_F(EventsTest, ContentIsDestroyedWhenTheLastDeliveryEnds) {
  testkit::HttpImposter one;
  testkit::HttpImposter two;
  two.hold();
  world_.add_endpoint(one.url());
  world_.add_endpoint(two.url());
  world_.tell(with_content());
  ASSERT_THAT(one.wait_for(1), SizeIs(1));
  ASSERT_TRUE(testkit::eventually([this] { return world_.outbox.in_flight() == 1; }));
  EXPECT_EQ(sealed(), 1);
  two.release();
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(sealed(), 0);
}

TEST_F(EventsTest, UnwantedEventHasNoDelivery) {
  world_.add_endpoint("https://hooks.example.com/", {"message.read"});
  world_.tell(world_.draft(EventType::kMessageSent));
  EXPECT_THAT(world_.deliveries_now(), IsEmpty());
}

TEST_F(EventsTest, IsWantedOnlyWhereAnEndpointAsksForIt) {
  world_.add_endpoint("https://hooks.example.com/", {"message.read"});
  const auto wanted = [this](EventType type) {
    return world_.events.wanted(world_.caller.workspace, world_.caller.mode, type);
  };
  EXPECT_TRUE(wanted(EventType::kMessageRead));
  EXPECT_FALSE(wanted(EventType::kMessageSent));
}

/// An event and its plan, as another room's operation holds them.
struct Told {
  EventDraft draft;
  EventPlan plan;
};

/// Records some events in one transaction, which may fail behind them.
struct RecordOp final : store::WriteOp {
  RecordOp(Events& all_events, std::vector<Told*> told_in_order)
      : WriteOp(kKind), events(all_events), told(std::move(told_in_order)) {}
  Events& events;
  std::vector<Told*> told;
  bool fails = false;

 private:
  static Result<> apply(store::Connection& db, std::span<store::WriteOp* const> ops) {
    auto& op = store::as<RecordOp>(ops.front());
    for (Told* each : op.told) {
      each->plan.begin();
      CHECK_OK(op.events.record(db, each->draft, each->plan));
    }
    CHECK_OK(op.events.store_recorded(db));
    if (op.fails) return fail(ErrorCode::kInternal, "it fails after all");
    return {};
  }
  static void end(std::span<store::WriteOp* const> ops, bool committed) noexcept {
    store::as<RecordOp>(ops.front()).events.ended(committed);
  }
  static constexpr store::WriteKind kKind{"record", 1001, apply, end};
};

TEST_F(EventsTest, AreDeliveredInTheOrderOfTheirRecordsNotOfTheirPlans) {
  testkit::HttpImposter receiver;
  world_.add_endpoint(receiver.url());
  auto failed = world_.draft(EventType::kMessageFailed);
  auto sent = world_.draft(EventType::kMessageSent);
  Told later{failed, world_.events.plan(failed)};
  Told earlier{sent, world_.events.plan(sent)};
  RecordOp op(world_.events, {&earlier, &later});
  ASSERT_TRUE(world_.db->commit_now(op));
  for (Told* each : {&later, &earlier})
    world_.events.launch(each->draft, std::move(each->plan), world_.pool.context(0).get_executor());
  const auto seen = receiver.wait_for(2);
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_THAT(seen[0].body, HasSubstr("message.sent"));
  EXPECT_THAT(seen[1].body, HasSubstr("message.failed"));
  EXPECT_TRUE(world_.idle());
}

TEST_F(EventsTest, PlanOfATransactionThatFailedGivesItsSlotsBack) {
  world_.add_endpoint("https://hooks.example.com/");
  {
    const auto event = world_.draft();
    Told first{event, world_.events.plan(event)};
    Told second{event, world_.events.plan(event)};  // waits behind the first
    RecordOp op(world_.events, {&first, &second});
    op.fails = true;
    EXPECT_FALSE(world_.db->commit_now(op));
    EXPECT_EQ(world_.outbox.queued(), 1);
  }
  EXPECT_EQ(world_.outbox.queued(), 0);
}

TEST_F(EventsTest, PlanThatIsRecordedAgainAfterAFailureIsDeliveredOnce) {
  testkit::HttpImposter receiver;
  world_.add_endpoint(receiver.url());
  const auto event = world_.draft();
  Told told{event, world_.events.plan(event)};
  RecordOp op(world_.events, {&told});
  op.fails = true;
  EXPECT_FALSE(world_.db->commit_now(op));
  op.fails = false;
  ASSERT_TRUE(world_.db->commit_now(op));
  world_.events.launch(told.draft, std::move(told.plan), world_.pool.context(0).get_executor());
  ASSERT_THAT(receiver.wait_for(1), SizeIs(1));
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(receiver.seen_count(), 1);
  EXPECT_EQ(world_.jobs(), 0);
}

class NothingRetained : public testing::Test {
 protected:
  WebhookWorld world_{WorldOptions{.content_retention = 0h}};
};

TEST_F(NothingRetained, ContentThatNobodyWantsIsNotStored) {
  auto event = world_.draft(EventType::kMessageReceived);
  event.content = Content("\"text\":1");
  world_.tell(std::move(event));
  EXPECT_EQ(testkit::numbers(*world_.db, kSealed).at(0), 0);
}

TEST(EventBody, HoldsTypeTimeIdAndTheMessage) {
  EventDraft event;
  event.type = EventType::kMessageReceived;
  event.at = *parse_time("2026-11-23T03:04:05.678Z");
  event.body = R"("id":"msg_1")";
  event.content = Content(R"("text":{"body":"Hi"})");
  EXPECT_EQ(Events::render(event),
            R"({"type":"message.received","timestamp":"2026-11-23T03:04:05.678Z","data":{"id":")" +
                event.id.str() + R"(","message":{"id":"msg_1","text":{"body":"Hi"}}}})");
}

TEST(EventBody, OfAnUnknownUpdateSaysUpdate) {
  EventDraft event;
  event.type = EventType::kProviderUnknown;
  event.body = R"("field":"x")";
  EXPECT_THAT(Events::render(event), HasSubstr(R"("update":{"field":"x"})"));
}

TEST(EventBody, OfSomethingElseNamesIt) {
  EventDraft event;
  event.type = EventType::kTemplateStatusUpdated;
  event.body = R"("name":"sale")";
  EXPECT_THAT(Events::render(event), HasSubstr(R"("template":{"name":"sale"})"));
}

TEST(EventBody, IsJson) {
  EventDraft event;
  event.content = Content(R"("text":1)");
  EXPECT_TRUE(json::parse(Events::render(event)));
}

}  // namespace
}  // namespace flowsell::webhook
