// Journey out, inside the process: from accept to the provider and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messaging/render.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;
using enum channel::MessageStatus;

const store::Sql kDamageSealed("UPDATE queued_jobs SET sealed = substr(sealed, 2)");
const store::Sql kSealedJobs(
    "SELECT (SELECT COUNT(*) FROM queued_jobs WHERE length(sealed) > 0) + "
    "(SELECT COUNT(*) FROM claimed_jobs WHERE length(sealed) > 0)");
const store::Sql kAttempts("SELECT attempt FROM queued_jobs");

std::string error_json(int code, const std::string& retry, const std::string& scope = "lane") {
  return R"({"error":{"code":)" + std::to_string(code) + R"(,"retry":")" + retry +
         R"(","scope":")" + scope + R"(","text":"the provider's own words"}})";
}

class Send : public testing::Test {
 protected:
  metering::Quota quota() {
    return testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
      return metering::read_quota(db, world_.options.limits,
                                  {world_.caller.workspace, world_.caller.mode},
                                  world_.clock.now());
    });
  }
  std::vector<std::int64_t> usage() {
    const auto today = metering::day_of(world_.clock.now());
    const auto days = testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
      return metering::read_usage(db, {world_.caller.workspace, world_.caller.mode}, today - 1,
                                  today);
    });
    if (days.empty()) return {};
    return {days.back().counts.begin(), days.back().counts.end()};
  }

  MessagingWorld world_;
};

TEST_F(Send, MessageThatTheProviderTookIsSent) {
  const auto row = world_.send_and_settle();
  EXPECT_EQ(row.status, kSent);
  EXPECT_EQ(row.provider_message_id, "pm.1");
  EXPECT_TRUE(row.sending_at && row.sent_at);
}

TEST_F(Send, ProviderGetsTheMessageWithOurIdAndItsToken) {
  const auto row = world_.send_and_settle();
  const auto seen = world_.provider.wait_for(1).at(0);
  EXPECT_EQ(seen.target, "/v1/111/messages");
  EXPECT_EQ(seen.headers.at("authorization"), "Bearer the-provider-token");
  EXPECT_THAT(seen.body, HasSubstr(R"("ref":")" + row.id.str() + "\""));
}

TEST_F(Send, SettledMessageLeavesNoJob) {
  world_.send_and_settle();
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(Send, SettlingTellsOneEvent) {
  world_.send_and_settle();
  EXPECT_THAT(world_.event_types(), ElementsAre("message.sent"));
}

const store::Sql kBodies("SELECT body FROM events ORDER BY id");

TEST_F(Send, EventOfASentMessageIsMadeOfItsRow) {
  const auto row = world_.send_and_settle();
  EXPECT_THAT(testkit::texts(*world_.db, kBodies), ElementsAre(""));
  EXPECT_EQ(world_.events_now().at(0).draft.body, render_event_body(row));
}

TEST_F(Send, EventOfASentMessageStaysAsItWas) {
  const auto row = world_.send_and_settle();
  auto failure = world_.status_of(row.id, kFailed);
  failure.error.emplace();
  failure.error->code = 131026;
  failure.error->reason = "refused";
  ASSERT_TRUE(world_.apply({failure}));
  ASSERT_EQ(world_.row(row.id).status, kFailed);
  const auto events = world_.events_now();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events.at(1).draft.body, render_event_body(row));
}

TEST_F(Send, EventOfASentMessageIsDeliveredWithTheSameBodyAgain) {
  testkit::HttpImposter customer;
  customer.then(500);
  world_.add_endpoint(customer.url(), {"message.sent"});
  world_.send_and_settle();
  ASSERT_THAT(customer.wait_for(1), SizeIs(1));
  ASSERT_TRUE(world_.idle());
  world_.skip(20s);
  const auto seen = customer.wait_for(2);
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_THAT(seen[0].body, HasSubstr(R"("provider_message_id":"pm.1")"));
  EXPECT_EQ(seen[0].body, seen[1].body);
}

TEST_F(Send, AcceptedAndSendingAreToldOnlyToWhoAsked) {
  world_.add_endpoint(world_.provider.url("/in"), {"message.accepted", "message.sending"});
  world_.send_and_settle();
  EXPECT_THAT(world_.event_types(),
              ElementsAre("message.accepted", "message.sending", "message.sent"));
}

TEST_F(Send, AcceptedAndSentAreCounted) {
  world_.send_and_settle();
  EXPECT_THAT(usage(), ElementsAre(1, 1, 0, 0, 0, 0, 0));
}

TEST_F(Send, RecipientIsStoredMaskedOnly) {
  EXPECT_EQ(world_.send_and_settle().contact, "+91••••••3210");
  EXPECT_FALSE(world_.folder.holds("9876543210"));
}

TEST_F(Send, RefusalForGoodFailsTheMessageWithTheProvidersNumbers) {
  world_.provider.then(400, error_json(131047, "no"));
  const auto row = world_.send_and_settle();
  EXPECT_EQ(row.status, kFailed);
  ASSERT_TRUE(row.error);
  EXPECT_EQ(row.error->code, "refused");
  EXPECT_EQ(row.error->provider_code, 131047);
  EXPECT_EQ(row.error->trace_id, "trace-1");
}

TEST_F(Send, ProvidersWordsAreInNoFile) {
  world_.provider.then(400, error_json(131047, "no"));
  world_.send_and_settle();
  EXPECT_FALSE(world_.folder.holds("the provider's own words"));
}

TEST_F(Send, RefusalForNowIsTriedAgain) {
  world_.provider.then(500, error_json(1, "backoff"));
  const auto first = world_.send_and_settle();
  EXPECT_EQ(first.status, kSending);
  world_.skip(2s);
  EXPECT_TRUE(world_.becomes(first.id, kSent));
  EXPECT_EQ(world_.provider.seen_count(), 2U);
}

TEST_F(Send, SecondAttemptIsTheSameRequest) {
  world_.provider.then(500, error_json(1, "backoff"));
  world_.send_and_settle();
  world_.skip(2s);
  const auto seen = world_.provider.wait_for(2);
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].body, seen[1].body);
}

TEST_F(Send, RefusalForNowTellsNobody) {
  world_.provider.then(500, error_json(1, "backoff"));
  world_.send_and_settle();
  EXPECT_THAT(world_.event_types(), IsEmpty());
}

TEST_F(Send, MessageIsNotTriedBeforeItsTime) {
  world_.provider.then(500, error_json(1, "wait"));
  world_.send_and_settle();
  world_.skip(30min);
  EXPECT_TRUE(world_.idle());
  EXPECT_EQ(world_.provider.seen_count(), 1U);
}

TEST_F(Send, RefusalThatOutlastsTheMessageIsItsEnd) {
  world_.provider.then(500, error_json(1, "wait"));
  const auto sent = world_.send_json(
      R"({"to":"+919876543210","type":"text","text":{"body":"Hi"},"ttl_seconds":600})");
  ASSERT_TRUE(sent);
  ASSERT_TRUE(world_.becomes(sent->row->id, kFailed));
  EXPECT_EQ(world_.row(sent->row->id).error->code, "refused");
}

TEST_F(Send, ReferenceToAMessageOfTheOtherModeIsRefused) {
  const auto first = world_.send_and_settle();
  world_.caller.mode = identity::Mode::kLive;
  world_.add_sender("222", "+15550783882");
  const auto refused = world_.send_json(
      R"({"to":"+919876543210","type":"text","text":{"body":"re"},"context":{"message_id":")" +
      first.id.str() + "\"}}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.at(0).code, "not_found");
}

TEST_F(Send, RefusalOfTheSenderHoldsAllItsMessages) {
  world_.provider.then(401, error_json(190, "token", "sender"));
  world_.send_and_settle(kAna);
  ASSERT_TRUE(world_.send(kBela));
  EXPECT_TRUE(world_.idle());
  EXPECT_EQ(world_.provider.seen_count(), 1U);
  world_.skip(61s);
  EXPECT_THAT(world_.provider.wait_for(3), SizeIs(3));
}

TEST_F(Send, RefusalOfARecipientHoldsNoOther) {
  world_.provider.then(500, error_json(1, "backoff"));
  world_.send_and_settle(kAna);
  const auto other = world_.send(kBela);
  ASSERT_TRUE(other);
  EXPECT_TRUE(world_.becomes(other->row->id, kSent));
}

TEST_F(Send, UnreadableAnswerIsUnknownAndNeverSentAgain) {
  world_.provider.then(502, "<html>Bad gateway</html>");
  const auto row = world_.send_and_settle();
  EXPECT_EQ(row.status, kUnknown);
  EXPECT_EQ(row.error->code, "unreadable_answer");
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(Send, SuccessWithoutTheProvidersIdIsUnknown) {
  world_.provider.then(200, "{}");
  EXPECT_EQ(world_.send_and_settle().status, kUnknown);
}

TEST_F(Send, ConnectionClosedBehindTheRequestIsUnknown) {
  http::Response closed;
  closed.status = http::kCloseUnanswered;
  world_.provider.then(closed);
  const auto row = world_.send_and_settle();
  EXPECT_EQ(row.status, kUnknown);
  EXPECT_EQ(row.error->code, "no_answer");
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(Send, UnknownMessageIsProvenByALaterStatus) {
  world_.provider.then(200, "{}");
  const auto id = world_.send_and_settle().id;
  ASSERT_TRUE(world_.apply({world_.status_of(id, kSent)}));
  EXPECT_EQ(world_.row(id).status, kSent);
  EXPECT_FALSE(world_.row(id).error);
}

TEST_F(Send, MessagesToOneRecipientAreSentInOrder) {
  world_.provider.hold();
  for (const char* text : {"one", "two", "three"}) ASSERT_TRUE(world_.send(kAna, text));
  world_.provider.release();
  std::vector<std::string> texts;
  for (const auto& seen : world_.provider.wait_for(3)) {
    const auto at = seen.body.find(R"("text":")") + 8;
    texts.push_back(seen.body.substr(at, seen.body.find('"', at) - at));
  }
  EXPECT_THAT(texts, ElementsAre("one", "two", "three"));
}

TEST_F(Send, TextThatTheChannelCantExpressIsRefusedBeforeAnythingIsStored) {
  const auto refused = world_.send(kAna, std::string(21, 'a'));
  ASSERT_EQ(code_of(refused), ErrorCode::kInvalidRequest);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/text/body");
  EXPECT_EQ(quota().used, 0);
}

TEST_F(Send, ReplyNamesTheMessageAsTheProviderDoes) {
  const auto first = world_.send_and_settle();
  ASSERT_TRUE(world_.send_json(
      R"({"to":"+919876543210","type":"text","text":{"body":"re"},"context":{"message_id":")" +
      first.id.str() + "\"}}"));
  const auto seen = world_.provider.wait_for(2);
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_THAT(seen[1].body, HasSubstr(R"("context":"pm.1")"));
}

TEST_F(Send, ReplyToAMessageThatWasNotSentYetIsRefused) {
  world_.provider.then(400, error_json(1, "no"));
  const auto first = world_.send_and_settle();
  const auto refused = world_.send_json(
      R"({"to":"+919876543210","type":"text","text":{"body":"re"},"context":{"message_id":")" +
      first.id.str() + "\"}}");
  ASSERT_EQ(code_of(refused), ErrorCode::kInvalidRequest);
  EXPECT_EQ(refused.error().fields.at(0).code, "not_sent_yet");
}

TEST_F(Send, ReplyToNobodysMessageIsRefused) {
  const auto stranger = world_.ids.next<IdKind::kMessage>().str();
  const auto refused = world_.send_json(
      R"({"to":"+919876543210","type":"text","text":{"body":"re"},"context":{"message_id":")" +
      stranger + "\"}}");
  ASSERT_EQ(code_of(refused), ErrorCode::kInvalidRequest);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/context/message_id");
}

TEST_F(Send, SameCallSendsOnce) {
  const auto first = world_.send(kAna, "Hello", "key-1");
  const auto second = world_.send(kAna, "Hello", "key-1");
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(second->replayed);
  EXPECT_EQ(second->row->id, first->row->id);
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(world_.provider.seen_count(), 1U);
}

TEST_F(Send, SameCallIsCountedOnce) {
  ASSERT_TRUE(world_.send(kAna, "Hello", "key-1"));
  ASSERT_TRUE(world_.send(kAna, "Hello", "key-1"));
  EXPECT_EQ(quota().used, 1);
}

TEST_F(Send, SameKeyWithAnotherBodyIsRefused) {
  ASSERT_TRUE(world_.send(kAna, "Hello", "key-1"));
  EXPECT_EQ(code_of(world_.send(kAna, "Goodbye", "key-1")), ErrorCode::kIdempotencyKeyReused);
}

TEST_F(Send, ReplayLeavesNothingBehindInTheOutbox) {
  ASSERT_TRUE(world_.send(kAna, "Hello", "key-1"));
  ASSERT_TRUE(world_.send(kAna, "Hello", "key-1"));
  ASSERT_TRUE(world_.idle());
  EXPECT_EQ(world_.outbox.queued(), 0);
  ASSERT_TRUE(world_.send(kAna, "Again"));
  EXPECT_THAT(world_.provider.wait_for(2), SizeIs(2));
}

TEST_F(Send, TokenIsInNoFile) { EXPECT_FALSE(world_.folder.holds("the-provider-token")); }

TEST_F(Send, NothingIsSentWithoutTheLeaseAndAllIsOnceItIsBack) {
  struct Lease {
    std::atomic<bool> holds{false};
    std::atomic<int> asked{0};
  };
  const auto lease = std::make_shared<Lease>();
  world_.outbox.set_lease([lease] {
    ++lease->asked;
    return lease->holds.load();
  });
  const auto accepted = world_.send();
  ASSERT_TRUE(accepted);
  ASSERT_TRUE(testkit::eventually([&] { return lease->asked > 0 && world_.jobs() == 1; }));
  EXPECT_EQ(world_.provider.seen_count(), 0U);
  lease->holds = true;
  EXPECT_TRUE(world_.becomes(accepted->row->id, kSent));
  EXPECT_EQ(world_.provider.seen_count(), 1U);
  EXPECT_EQ(quota().used, 1);
}

class SendOneAtATime : public Send {
 protected:
  SendOneAtATime() { world_.provider.hold(); }
  /// One message in flight and one behind it.
  MessageId queue_one(const std::string& text) {
    EXPECT_TRUE(world_.send(kAna, "in flight"));
    const auto queued = world_.send(kBela, text);
    EXPECT_TRUE(queued);
    return queued->row->id;
  }
  MessagingWorld world_{MessagingOptions{.concurrency = 1}};
};

TEST_F(SendOneAtATime, QueuedMessageIsAccepted) {
  EXPECT_EQ(world_.row(queue_one("Hello")).status, kAccepted);
  world_.provider.release();
}

TEST_F(SendOneAtATime, QueuedMessageIsSentWhenThereIsRoom) {
  const auto id = queue_one("Hello");
  world_.provider.release();
  EXPECT_TRUE(world_.becomes(id, kSent));
}

TEST_F(SendOneAtATime, QueuedContentIsSealed) {
  queue_one("marker-of-content");
  EXPECT_EQ(testkit::numbers(*world_.db, kSealedJobs).at(0), 1);
  EXPECT_FALSE(world_.folder.holds("marker-of-content"));
  world_.provider.release();
}

TEST_F(SendOneAtATime, QueuedContentIsGoneWhenItWasSettled) {
  const auto id = queue_one("marker-of-content");
  world_.provider.release();
  ASSERT_TRUE(world_.becomes(id, kSent));
  EXPECT_EQ(world_.jobs(), 0);
  EXPECT_FALSE(world_.folder.holds("marker-of-content"));
}

TEST_F(SendOneAtATime, ContentOfWhatIsSentAtOnceIsNeverStored) {
  ASSERT_TRUE(world_.send(kAna, "marker-of-content"));
  EXPECT_EQ(testkit::numbers(*world_.db, kSealedJobs).at(0), 0);
  world_.provider.release();
}

TEST_F(SendOneAtATime, ExpiredMessageFailsUnsent) {
  const auto id = queue_one("Hello");
  world_.clock.skip(25h);
  world_.provider.release();
  ASSERT_TRUE(world_.becomes(id, kFailed));
  EXPECT_EQ(world_.row(id).error->code, "message_expired");
  EXPECT_EQ(world_.provider.seen_count(), 1U);
}

TEST_F(SendOneAtATime, MessageWhoseKeyIsGoneFailsUnsent) {
  const auto id = queue_one("Hello");
  world_.spool->destroy_expired(world_.clock.now() + 48h);
  world_.provider.release();
  ASSERT_TRUE(world_.becomes(id, kFailed));
  EXPECT_EQ(world_.row(id).error->code, "content_unavailable");
}

TEST_F(SendOneAtATime, MessageWhoseContentIsDamagedFailsUnsent) {
  const auto id = queue_one("Hello");
  const auto damage = [](store::Connection& db) -> Result<> {
    CHECK_OK(db.write(kDamageSealed, {}));
    return {};
  };
  ASSERT_TRUE(testkit::write(*world_.db, damage));
  world_.provider.release();
  ASSERT_TRUE(world_.becomes(id, kFailed));
  EXPECT_EQ(world_.row(id).error->code, "content_unavailable");
  EXPECT_EQ(world_.provider.seen_count(), 1U);
}

TEST_F(SendOneAtATime, StoppedOutboxPutsBackWhatWasNotBegun) {
  queue_one("Hello");
  auto stopped = std::async(std::launch::async, [this] { world_.outbox.stop(10s); });
  testkit::eventually([this] { return world_.outbox.stopping(); });
  world_.provider.release();
  stopped.wait();
  EXPECT_EQ(world_.jobs(), 1);
  EXPECT_EQ(world_.provider.seen_count(), 1U);
}

class SendWithQuota : public testing::Test {
 protected:
  MessagingWorld world_{MessagingOptions{.limits = {1, 1}}};
};

TEST_F(SendWithQuota, RequestBeyondTheQuotaIsRefused) {
  ASSERT_TRUE(world_.send());
  const auto refused = world_.send(kBela);
  ASSERT_EQ(code_of(refused), ErrorCode::kQuotaExhausted);
  EXPECT_TRUE(refused.error().retry_after);
}

TEST_F(SendWithQuota, RefusedRequestReleasesItsSlot) {
  ASSERT_TRUE(world_.send());
  ASSERT_TRUE(world_.idle());
  (void)world_.send(kBela);
  EXPECT_EQ(world_.outbox.queued(), 0);
  EXPECT_EQ(world_.outbox.in_flight(), 0);
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(SendWithQuota, RefusedRequestTakesNoIdempotencyKey) {
  ASSERT_TRUE(world_.send());
  ASSERT_EQ(code_of(world_.send(kBela, "Hello", "key-1")), ErrorCode::kQuotaExhausted);
  EXPECT_EQ(code_of(world_.send(kBela, "Hello", "key-1")), ErrorCode::kQuotaExhausted);
}

TEST_F(SendWithQuota, ReplayIsAnsweredWithoutQuota) {
  ASSERT_TRUE(world_.send(kAna, "Hello", "key-1"));
  const auto replay = world_.send(kAna, "Hello", "key-1");
  ASSERT_TRUE(replay);
  EXPECT_TRUE(replay->replayed);
}

TEST(SendToNobody, UnreachableProviderIsTriedAgainWithoutDoubt) {
  std::string closed;
  {
    testkit::HttpImposter gone;
    closed = gone.url("/v1");
  }
  MessagingWorld world(MessagingOptions{.api_base = closed});
  const auto row = world.send_and_settle();
  EXPECT_EQ(row.status, kSending);
  EXPECT_THAT(testkit::numbers(*world.db, kAttempts), ElementsAre(1));
}

TEST(SendToASlowProvider, TimeOutBehindTheFirstByteIsUnknown) {
  MessagingWorld world(MessagingOptions{.timeout = 1s});
  world.provider.hold();
  const auto row = world.send_and_settle();
  EXPECT_EQ(row.status, kUnknown);
  EXPECT_EQ(row.error->code, "no_answer");
  EXPECT_EQ(world.jobs(), 0);
}

class SendRecovery : public testing::Test {
 protected:
  /// A message as a process that was killed in the middle of its attempt leaves it.
  MessageId left_claimed() {
    MessageRow row;
    row.workspace = world_.caller.workspace;
    row.id = world_.ids.next<IdKind::kMessage>();
    row.sender = world_.sender->id;
    row.kind = "text";
    row.status = kSending;
    row.created_at = world_.clock.now();
    outbox::Job job;
    job.id = row.id.bytes();
    job.workspace = row.workspace;
    job.group = row.sender.bytes();
    job.due = row.created_at;
    job.expires_at = row.created_at + 24h;
    const auto left = testkit::write(*world_.db, [&](store::Connection& db) -> Result<> {
      TRY([[maybe_unused]] const bool fresh, insert_message(db, row));
      TRY([[maybe_unused]] const auto state,
          outbox::insert_job(db, job, outbox::JobState::kClaimed));
      return {};
    });
    EXPECT_TRUE(left);
    return row.id;
  }
  MessagingWorld world_;
};

TEST_F(SendRecovery, AttemptThatWasOpenIsUnknownAndNotSentAgain) {
  const auto id = left_claimed();
  ASSERT_TRUE(world_.outbox.recover());
  world_.outbox.start();
  EXPECT_EQ(world_.row(id).status, kUnknown);
  EXPECT_EQ(world_.row(id).error->code, "process_ended");
  EXPECT_EQ(world_.jobs(), 0);
}

TEST_F(SendRecovery, AttemptThatWasOpenIsTold) {
  const testkit::HttpImposter customer;
  world_.add_endpoint(customer.url());
  left_claimed();
  ASSERT_TRUE(world_.outbox.recover());
  EXPECT_THAT(world_.event_types(), ElementsAre("message.unknown"));
}

}  // namespace
}  // namespace flowsell::messaging
