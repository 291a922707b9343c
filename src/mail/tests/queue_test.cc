#include "mail/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <thread>

#include "mail_world.h"

namespace flowsell::mail {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testkit::code_of;

const store::Sql kCount("SELECT COUNT(*) FROM mails");

Claimant claimant(std::uint8_t number) {
  Claimant out{};
  out.back() = number;
  return out;
}

class QueueTest : public MailWorld {
 protected:
  std::int64_t count() { return testkit::numbers(db(), kCount).at(0); }
};

TEST_F(QueueTest, MailWaitsAndIsDueAtOnce) {
  const MailId id = put();
  EXPECT_EQ(status(id).state, MailState::kWaiting);
  EXPECT_EQ(status(id).kind, "reset_password");
  EXPECT_EQ(status(id).attempts, 0);
  EXPECT_EQ(status(id).created_at, kSampleTime);
  EXPECT_EQ(due(), kSampleTime);
}

TEST_F(QueueTest, UnknownIdIsNone) { EXPECT_FALSE(find(ids_.next_bytes())); }

TEST_F(QueueTest, MailGoesWithTheTransactionThatFails) {
  const Mail mail = sample_mail(MailKind::kInvitation, ids_.next_bytes());
  const auto failed = testkit::write(db(), [&](store::Connection& connection) -> Result<> {
    CHECK_OK(enqueue(connection, *keys_, mail));
    return fail(ErrorCode::kConflict, "the sign-up failed");
  });
  EXPECT_EQ(code_of(failed), ErrorCode::kConflict);
  EXPECT_EQ(count(), 0);
}

TEST_F(QueueTest, SameIdIsQueuedOnce) {
  const auto sealed = seal_mail(*keys_, sample_mail(MailKind::kInvitation, ids_.next_bytes()));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(testkit::write(
        db(), [&](store::Connection& connection) { return enqueue(connection, *sealed); }));
  }
  EXPECT_EQ(count(), 1);
}

TEST_F(QueueTest, WrongMailIsNotQueued) {
  Mail mail = sample_mail(MailKind::kInvitation, ids_.next_bytes());
  mail.to = Content("ann@example.com\r\nBcc: bob@example.com");
  const auto queued = testkit::write(
      db(), [&](store::Connection& connection) { return enqueue(connection, *keys_, mail); });
  EXPECT_EQ(code_of(queued), ErrorCode::kInvalidRequest);
  EXPECT_EQ(count(), 0);
}

TEST_F(QueueTest, ClaimedMailOpensAsItWas) {
  const MailId id = put(MailKind::kInvitation);
  const auto claimed = claim(db());
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->id, id);
  EXPECT_EQ(claimed->attempt, 1);
  EXPECT_EQ(claimed->expires_at, kSampleTime + 24h);
  const auto mail = open_mail(*keys_, *claimed);
  ASSERT_TRUE(mail);
  const Mail sample = sample_mail(MailKind::kInvitation);
  EXPECT_EQ(mail->kind, sample.kind);
  EXPECT_EQ(mail->now, kSampleTime);
  EXPECT_EQ(mail->to.reveal(), sample.to.reveal());
  ASSERT_EQ(mail->params.size(), sample.params.size());
  for (const auto& [name, value] : sample.params)
    EXPECT_EQ(mail->params.find(name)->second.reveal(), value.reveal());
}

TEST_F(QueueTest, MailWaitsForADayAtMost) {
  put(MailKind::kInvitation, 168h);
  EXPECT_EQ(claim(db())->expires_at, kSampleTime + 24h);
  put(MailKind::kInvitation, 1h);
  EXPECT_EQ(claim(db())->expires_at, kSampleTime + 1h);
}

TEST_F(QueueTest, NothingOfItIsStoredInClear) {
  put();
  for (const std::string& row : testkit::texts(db(), kAllOfTheTable)) {
    EXPECT_THAT(row, Not(HasSubstr(kMarker)));
    EXPECT_THAT(row, Not(HasSubstr("example.com")));
  }
  EXPECT_FALSE(folder_.holds(kMarker));
}

TEST_F(QueueTest, SealedContentOpensForItsIdOnly) {
  put();
  auto claimed = claim(db());
  claimed->id = ids_.next_bytes();
  EXPECT_EQ(code_of(open_mail(*keys_, *claimed)), ErrorCode::kInternal);
}

TEST_F(QueueTest, ContentDoesNotOpenOnceItsKeyIsDestroyed) {
  put();
  const auto claimed = claim(db());
  clock_.advance(26h);
  keys_->destroy_expired(clock_.now());
  EXPECT_EQ(code_of(open_mail(*keys_, *claimed)), ErrorCode::kNotFound);
}

TEST_F(QueueTest, KeyLivesAsLongAsAMail) {
  clock_.advance(59min + 59s);  // the last moment of a key's hour
  put();
  clock_.advance(24h - 1ms);
  keys_->destroy_expired(clock_.now());
  EXPECT_TRUE(open_mail(*keys_, *claim(db())));
}

TEST_F(QueueTest, MailOfAnUnknownKindIsNotUnderstood) {
  put();
  auto claimed = claim(db());
  claimed->kind = "newsletter";
  EXPECT_EQ(code_of(open_mail(*keys_, *claimed)), ErrorCode::kInternal);
}

TEST_F(QueueTest, ClaimedMailIsNobodyElses) {
  put();
  EXPECT_TRUE(claim(db(), claimant(1)));
  EXPECT_FALSE(claim(other_db(), claimant(2)));
}

TEST_F(QueueTest, LongestDueIsClaimedFirst) {
  const MailId first = put();
  clock_.advance(1ms);
  const MailId second = put();
  EXPECT_EQ(claim(db())->id, first);
  EXPECT_EQ(claim(db())->id, second);
}

TEST_F(QueueTest, WhatIsNotDueIsNotClaimed) {
  put();
  const auto claimed = claim(db());
  EXPECT_TRUE(end(*claimed, {.next = clock_.now() + 15s}));
  clock_.advance(15s - 1ms);
  EXPECT_FALSE(claim(db()));
  clock_.advance(1ms);
  const auto again = claim(db());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempt, 2);
}

TEST_F(QueueTest, ClaimOfADeadProcessEndsWithItsLease) {
  put();
  EXPECT_TRUE(claim(db(), claimant(1), 2min));
  clock_.advance(2min - 1ms);
  EXPECT_FALSE(claim(other_db(), claimant(2), 2min));
  clock_.advance(1ms);
  const auto again = claim(other_db(), claimant(2), 2min);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempt, 2);
  EXPECT_TRUE(open_mail(*keys_, *again));
}

TEST_F(QueueTest, SentMailKeepsItsKindAndTimesOnly) {
  const MailId id = put();
  const auto claimed = claim(db());
  EXPECT_EQ(with_content(), 1);
  clock_.advance(3s);
  EXPECT_TRUE(end(*claimed, {.state = MailState::kSent}));
  EXPECT_EQ(with_content(), 0);
  EXPECT_EQ(status(id).state, MailState::kSent);
  EXPECT_EQ(status(id).settled_at, kSampleTime + 3s);
  EXPECT_EQ(due(), std::nullopt);
  clock_.advance(1h);
  EXPECT_FALSE(claim(db()));
}

TEST_F(QueueTest, FailedMailKeepsWhatWasAnswered) {
  const MailId id = put();
  EXPECT_TRUE(end(*claim(db()),
                  {.state = MailState::kFailed, .code = 550, .reason = "recipient_refused 5.1.1"}));
  EXPECT_EQ(with_content(), 0);
  EXPECT_EQ(status(id).state, MailState::kFailed);
  EXPECT_EQ(status(id).code, 550);
  EXPECT_EQ(status(id).reason, "recipient_refused 5.1.1");
}

TEST_F(QueueTest, ExpiredMailKeepsTheLastFailure) {
  const MailId id = put();
  EXPECT_TRUE(
      end(*claim(db()), {.next = clock_.now() + 1s, .code = 450, .reason = "recipient_refused"}));
  clock_.advance(1s);
  EXPECT_TRUE(end(*claim(db()), {.state = MailState::kExpired}));
  EXPECT_EQ(with_content(), 0);
  EXPECT_EQ(status(id).state, MailState::kExpired);
  EXPECT_EQ(status(id).code, 450);
  EXPECT_EQ(status(id).reason, "recipient_refused");
}

TEST_F(QueueTest, SentAfterFailuresHasNoReason) {
  const MailId id = put();
  EXPECT_TRUE(
      end(*claim(db()), {.next = clock_.now() + 1s, .code = 450, .reason = "recipient_refused"}));
  EXPECT_EQ(status(id).reason, "recipient_refused");
  clock_.advance(1s);
  EXPECT_TRUE(end(*claim(db()), {.state = MailState::kSent}));
  EXPECT_EQ(status(id).reason, "");
  EXPECT_EQ(status(id).code, 0);
  EXPECT_EQ(status(id).attempts, 2);
}

TEST_F(QueueTest, OldClaimantDoesNotEndWhatAnotherHas) {
  const MailId id = put();
  const auto old = claim(db(), claimant(1), 1min);
  clock_.advance(1min);
  ASSERT_TRUE(claim(other_db(), claimant(2), 1min));
  EXPECT_FALSE(end(*old, {.state = MailState::kFailed}, claimant(1)));
  EXPECT_FALSE(end(*old, {.next = clock_.now()}, claimant(1)));
  EXPECT_EQ(status(id).state, MailState::kWaiting);
  EXPECT_FALSE(claim(db(), claimant(1)));
}

TEST_F(QueueTest, WhatAnOldClaimantHasSentIsSent) {
  const MailId id = put();
  const auto old = claim(db(), claimant(1), 1min);
  clock_.advance(1min);
  const auto other = claim(other_db(), claimant(2), 1min);
  EXPECT_TRUE(end(*old, {.state = MailState::kSent}, claimant(1)));
  EXPECT_FALSE(end(*other, {.next = clock_.now()}, claimant(2)));
  EXPECT_EQ(status(id).state, MailState::kSent);
}

TEST_F(QueueTest, SettledMailStaysAsItIs) {
  const MailId id = put();
  const auto claimed = claim(db());
  EXPECT_TRUE(end(*claimed, {.state = MailState::kFailed, .code = 550}));
  EXPECT_FALSE(end(*claimed, {.state = MailState::kSent}));
  EXPECT_EQ(status(id).state, MailState::kFailed);
}

TEST_F(QueueTest, OldSettledMailsAreForgotten) {
  const auto forget = [this](Time before) {
    return testkit::in_transaction(
        db(), [&](store::Connection& connection) { return forget_settled(connection, before); });
  };
  const MailId sent = put();
  EXPECT_TRUE(end(*claim(db()), {.state = MailState::kSent}));
  const MailId waiting = put();
  EXPECT_EQ(forget(clock_.now()), 0);
  EXPECT_EQ(forget(clock_.now() + 1ms), 1);
  EXPECT_FALSE(find(sent));
  EXPECT_TRUE(find(waiting));
}

TEST_F(QueueTest, ManyClaimersNeverHaveTheSame) {
  constexpr int kMails = 60;
  constexpr int kClaimers = 4;
  for (int i = 0; i < kMails; ++i) put();
  const auto claim_all = [this](int number) {
    std::vector<MailId> mine;
    store::Database& database = number % 2 == 0 ? db() : other_db();
    // None: others are about to claim what there is.
    while (due() <= clock_.now()) {
      if (const auto claimed = claim(database, claimant(static_cast<std::uint8_t>(number))))
        mine.push_back(claimed->id);
    }
    return mine;
  };
  std::vector<std::future<std::vector<MailId>>> claimers;
  for (int i = 0; i < kClaimers; ++i)
    claimers.push_back(std::async(std::launch::async, claim_all, i));
  std::map<MailId, int> times;
  for (auto& claimer : claimers) {
    for (const MailId& id : claimer.get()) ++times[id];
  }
  EXPECT_THAT(times, SizeIs(kMails));
  EXPECT_THAT(times, Each(testing::Pair(testing::_, 1)));
}

TEST_F(QueueTest, ClaimersDoNotWaitForEachOther) {
  if (!testkit::tests_run_on_postgres()) GTEST_SKIP() << "SQLite has one writer";
  const MailId first = put();
  clock_.advance(1ms);
  const MailId second = put();
  std::promise<void> has_claimed;
  std::promise<void> may_end;
  std::optional<ClaimedMail> slow;
  auto slow_claim = std::async(std::launch::async, [&] {
    return testkit::write(db(), [&](store::Connection& connection) -> Result<> {
      TRY(slow, claim_due(connection, claimant(1), clock_.now(), clock_.now() + 2min));
      has_claimed.set_value();
      may_end.get_future().wait();
      return {};
    });
  });
  has_claimed.get_future().wait();
  const auto quick = claim(other_db(), claimant(2));  // beside the open transaction
  const auto none = claim(other_db(), claimant(2));
  may_end.set_value();
  ASSERT_TRUE(slow_claim.get());
  EXPECT_EQ(slow->id, first);
  ASSERT_TRUE(quick);
  EXPECT_EQ(quick->id, second);
  EXPECT_FALSE(none);
}

}  // namespace
}  // namespace flowsell::mail
