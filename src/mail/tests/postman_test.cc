#include "mail/postman.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <mutex>

#include "mail_world.h"
#include "testkit/io.h"

namespace flowsell::mail {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;
using testing::SizeIs;
using testkit::eventually;
using End = Outcome::End;

/// Takes letters as it is told, and remembers them.
class FakeTransport final : public Transport {
 public:
  Outcome send(const Letter& letter) override {
    std::unique_lock lock(mutex_);
    letters_.push_back(letter);
    changed_.notify_all();
    changed_.wait(lock, [this] { return !is_holding_ || is_interrupted_; });
    if (is_interrupted_) return {.end = End::kInterrupted, .reason = "interrupted"};
    if (script_.empty()) return {.end = End::kSent};
    Outcome next = script_.front();
    script_.pop_front();
    return next;
  }
  void interrupt() noexcept override {
    const std::lock_guard lock(mutex_);
    is_interrupted_ = true;
    changed_.notify_all();
  }

  void then(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(outcome));
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    is_holding_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    is_holding_ = false;
    changed_.notify_all();
  }
  std::vector<MailId> ids() const {
    const std::lock_guard lock(mutex_);
    std::vector<MailId> out;
    for (const Letter& each : letters_) out.push_back(each.id);
    return out;
  }
  std::vector<std::string> data() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const Letter& each : letters_) out.emplace_back(each.data.reveal());
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Letter> letters_;
  std::deque<Outcome> script_;
  bool is_holding_ = false;
  bool is_interrupted_ = false;
};

const Outcome kRefused{
    .end = End::kRefused, .reason = "recipient_refused", .code = 550, .status = "5.1.1"};
const Outcome kPutOff{.end = End::kTryLater, .reason = "recipient_refused", .code = 450};
const Outcome kUnreachable{.end = End::kTryLater, .reason = "unreachable", .is_for_all = true};

class PostmanTest : public MailWorld {
 protected:
  std::unique_ptr<Postman> postman(store::Database& database) {
    return std::make_unique<Postman>(database, *keys_, composer_, transport_, clock_, metrics_,
                                     PostmanOptions{.poll = 1s});
  }
  std::size_t send_due() {
    const auto sent = postman_->send_due();
    EXPECT_TRUE(sent);
    return sent.value_or(999);
  }

  FakeTransport transport_;
  Composer composer_ = sample_composer();
  metrics::Registry metrics_;
  std::unique_ptr<Postman> postman_ = postman(db());
};

TEST_F(PostmanTest, NothingIsSentWhereNothingIsDue) { EXPECT_EQ(send_due(), 0U); }

TEST_F(PostmanTest, MailIsSentWithItsContentAndThenItIsDestroyed) {
  const MailId id = put();
  EXPECT_EQ(send_due(), 1U);
  ASSERT_THAT(transport_.data(), SizeIs(1));
  const auto read = read_letter(transport_.data()[0]);
  EXPECT_THAT(read->text, HasSubstr(kMarker));
  EXPECT_THAT(read->message_id, HasSubstr(mail_id_text(id)));
  EXPECT_EQ(status(id).state, MailState::kSent);
  EXPECT_EQ(with_content(), 0);
  EXPECT_FALSE(folder_.holds(kMarker));
}

TEST_F(PostmanTest, AllThatIsDueIsSentInItsOrder) {
  std::vector<MailId> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(put());
    clock_.advance(1ms);
  }
  EXPECT_EQ(send_due(), 5U);
  EXPECT_EQ(transport_.ids(), ids);
}

TEST_F(PostmanTest, RefusedMailHasFailed) {
  const MailId id = put();
  transport_.then(kRefused);
  send_due();
  EXPECT_EQ(status(id).state, MailState::kFailed);
  EXPECT_EQ(status(id).code, 550);
  EXPECT_EQ(status(id).reason, "recipient_refused 5.1.1");
  EXPECT_EQ(with_content(), 0);
}

TEST_F(PostmanTest, MailThatWasPutOffIsSentByTheSchedule) {
  const MailId id = put();
  transport_.then(kPutOff);
  EXPECT_EQ(send_due(), 1U);
  EXPECT_EQ(status(id).state, MailState::kWaiting);
  EXPECT_EQ(status(id).code, 450);
  EXPECT_GE(due(), clock_.now() + 12s);
  EXPECT_LE(due(), clock_.now() + 18s);
  clock_.advance(11s);
  EXPECT_EQ(send_due(), 0U);
  clock_.advance(7s);
  EXPECT_EQ(send_due(), 1U);
  EXPECT_EQ(status(id).state, MailState::kSent);
  EXPECT_EQ(status(id).attempts, 2);
}

TEST_F(PostmanTest, SecondPauseIsLonger) {
  put();
  for (int i = 0; i < 2; ++i) {
    transport_.then(kPutOff);
    clock_.advance(18s);
    EXPECT_EQ(send_due(), 1U);
  }
  EXPECT_GE(due(), clock_.now() + 48s);
}

TEST_F(PostmanTest, LaterAttemptsHaveTheSameBytes) {
  put();
  transport_.then(kPutOff);
  send_due();
  clock_.advance(18s);
  send_due();
  ASSERT_THAT(transport_.data(), SizeIs(2));
  EXPECT_EQ(transport_.data()[0], transport_.data()[1]);
}

TEST_F(PostmanTest, MailThatIsNotSentInItsLifeExpires) {
  const MailId id = put(MailKind::kResetPassword, 1h);
  clock_.advance(1h);
  EXPECT_EQ(send_due(), 1U);
  EXPECT_THAT(transport_.ids(), SizeIs(0));
  EXPECT_EQ(status(id).state, MailState::kExpired);
  EXPECT_EQ(with_content(), 0);
}

TEST_F(PostmanTest, MailExpiresWhereItsNextAttemptWouldBeTooLate) {
  const MailId id = put(MailKind::kResetPassword, 10s);
  transport_.then(kPutOff);
  send_due();
  EXPECT_EQ(status(id).state, MailState::kExpired);
  EXPECT_EQ(status(id).code, 450);
  EXPECT_EQ(with_content(), 0);
}

TEST_F(PostmanTest, ServerThatIsDownForADayEndsInExpiry) {
  const MailId id = put();
  int attempts = 0;
  while (status(id).state == MailState::kWaiting && attempts < 100) {
    transport_.then(kUnreachable);
    attempts += static_cast<int>(send_due());
    clock_.advance(5min);
  }
  EXPECT_EQ(status(id).state, MailState::kExpired);
  EXPECT_EQ(status(id).reason, "unreachable");
  EXPECT_GE(attempts, 20);
  EXPECT_LE(attempts, 40);
}

TEST_F(PostmanTest, MailWhoseKeyIsGoneExpires) {
  const MailId id = put();
  clock_.advance(26h);
  keys_->destroy_expired(clock_.now());
  send_due();
  EXPECT_EQ(status(id).state, MailState::kExpired);
  EXPECT_EQ(with_content(), 0);
}

TEST_F(PostmanTest, FailureForAllSparesTheOthersForAWhile) {
  for (int i = 0; i < 3; ++i) put();
  transport_.then(kUnreachable);
  EXPECT_EQ(send_due(), 1U);
  clock_.advance(4999ms);
  EXPECT_EQ(send_due(), 0U);
  clock_.advance(1ms);
  EXPECT_EQ(send_due(), 2U);
}

TEST_F(PostmanTest, FailureOfOneHoldsUpNoOther) {
  const MailId first = put();
  clock_.advance(1ms);
  const MailId second = put();
  transport_.then(kPutOff);
  EXPECT_EQ(send_due(), 2U);
  EXPECT_EQ(status(first).state, MailState::kWaiting);
  EXPECT_EQ(status(second).state, MailState::kSent);
}

TEST_F(PostmanTest, WhatAProcessHadClaimedWhenItDiedIsSentAfterItsLease) {
  const MailId id = put();
  const Claimant dead{1};
  ASSERT_TRUE(claim(db(), dead));  // and no more is heard of it
  auto next = postman(other_db());
  EXPECT_THAT(next->send_due(), Optional(0U));
  clock_.advance(2min);
  EXPECT_THAT(next->send_due(), Optional(1U));
  EXPECT_EQ(status(id).state, MailState::kSent);
}

TEST_F(PostmanTest, MailIsSentAfterARestart) {
  const MailId id = put();
  postman_.reset();
  keys_.reset();
  keys_ = open_keys();
  postman_ = postman(db());
  EXPECT_EQ(send_due(), 1U);
  EXPECT_EQ(status(id).state, MailState::kSent);
}

TEST_F(PostmanTest, WakingSendsAtOnce) {
  postman_->start();
  const MailId id = put();
  postman_->wake();
  EXPECT_TRUE(eventually([&] { return status(id).state == MailState::kSent; }));
}

TEST_F(PostmanTest, WhatAnotherProcessQueuedIsFoundWithoutWaking) {
  auto other = postman(other_db());
  other->start();
  const MailId id = put();
  EXPECT_TRUE(eventually([&] { return status(id).state == MailState::kSent; }));
}

TEST_F(PostmanTest, TwoPostmenSendEachMailOnce) {
  std::vector<MailId> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(put());
  auto other = postman(other_db());
  postman_->start();
  other->start();
  const auto all_sent = [&] { return testkit::numbers(db(), kWithContent).at(0) == 0; };
  EXPECT_TRUE(eventually(all_sent));
  auto sent = transport_.ids();
  std::ranges::sort(sent);
  EXPECT_EQ(sent, ids);
}

TEST_F(PostmanTest, StopLetsTheAttemptEnd) {
  transport_.hold();
  const MailId id = put();
  postman_->start();
  ASSERT_TRUE(eventually([&] { return transport_.ids().size() == 1; }));
  auto stopped = std::async(std::launch::async, [&] { postman_->stop(60s); });
  transport_.release();
  stopped.get();
  EXPECT_EQ(status(id).state, MailState::kSent);
}

TEST_F(PostmanTest, StopInterruptsAnAttemptThatHangs) {
  transport_.hold();
  const MailId id = put();
  postman_->start();
  ASSERT_TRUE(eventually([&] { return transport_.ids().size() == 1; }));
  postman_->stop(1ms);
  EXPECT_EQ(status(id).state, MailState::kWaiting);
  EXPECT_EQ(due(), clock_.now());  // the next who looks makes it again
  EXPECT_EQ(with_content(), 1);
}

TEST_F(PostmanTest, StopBeforeStartIsNothing) {
  postman_->stop();
  put();
  EXPECT_EQ(send_due(), 1U);
}

TEST_F(PostmanTest, OldRowsAreForgottenWhileItIsIdle) {
  const MailId id = put();
  send_due();
  clock_.advance(31 * 24h);
  postman_->start();
  EXPECT_TRUE(eventually([&] { return !find(id).has_value(); }));
}

TEST_F(PostmanTest, EndsAreCounted) {
  for (const Outcome& outcome : {Outcome{.end = End::kSent}, kRefused, kPutOff}) {
    transport_.then(outcome);
    put();
    send_due();
  }
  EXPECT_THAT(metrics_.render(), HasSubstr("connect_mails_total{state=\"sent\"} 1"));
  EXPECT_THAT(metrics_.render(), HasSubstr("connect_mails_total{state=\"failed\"} 1"));
  EXPECT_THAT(metrics_.render(), HasSubstr("connect_mail_attempts_failed_total 2"));
}

}  // namespace
}  // namespace flowsell::mail
