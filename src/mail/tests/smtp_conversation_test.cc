#include "smtp_conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowsell::mail {
namespace {

using End = Outcome::End;

/// Up to a step, everything was answered with yes.
class ConversationTest : public testing::Test {
 protected:
  void exchange(std::string_view command, std::string_view reply) {
    talk_.said(command);
    talk_.heard(reply);
  }
  void reach_recipient() {
    talk_.heard("220 mail.example.com\r\n");
    exchange("EHLO me\r\n", "250 ok\r\n");
    exchange("MAIL FROM:<a@b.example>\r\n", "250 ok\r\n");
  }
  void reach_letter() {
    reach_recipient();
    exchange("RCPT TO:<ann@example.com>\r\n", "250 ok\r\n");
    exchange("DATA\r\n", "354 go on\r\n");
    talk_.sent_data();
  }
  SmtpConversation talk_;
};

TEST_F(ConversationTest, NothingIsRefusedAtFirst) { EXPECT_FALSE(talk_.is_refused()); }

TEST_F(ConversationTest, RefusedGreetingIsForAllAndForLater) {
  talk_.heard("554 5.3.2 not you\r\n");
  ASSERT_TRUE(talk_.is_refused());
  EXPECT_EQ(talk_.refusal().end, End::kTryLater);
  EXPECT_TRUE(talk_.refusal().is_for_all);
  EXPECT_EQ(talk_.refusal().reason, "greeting_refused");
}

TEST_F(ConversationTest, RefusedLoginIsForAllAndForLater) {
  exchange("EHLO me\r\n", "250 AUTH PLAIN\r\n");
  exchange("AUTH PLAIN\r\n", "334 \r\n");
  exchange("AHUAcA==\r\n", "535 5.7.8 wrong\r\n");
  EXPECT_EQ(talk_.refusal().reason, "login_refused");
  EXPECT_EQ(talk_.refusal().code, 535);
  EXPECT_EQ(talk_.refusal().end, End::kTryLater);
  EXPECT_TRUE(talk_.refusal().is_for_all);
}

TEST_F(ConversationTest, RefusedSenderIsForAllAndForLater) {
  exchange("MAIL FROM:<a@b.example>\r\n", "550 5.7.1 not yours\r\n");
  EXPECT_EQ(talk_.refusal().reason, "sender_refused");
  EXPECT_EQ(talk_.refusal().end, End::kTryLater);
  EXPECT_TRUE(talk_.refusal().is_for_all);
}

TEST_F(ConversationTest, RefusedRecipientIsTheEnd) {
  reach_recipient();
  exchange("RCPT TO:<ann@example.com>\r\n", "550 5.1.1 <ann@example.com> unknown\r\n");
  const Outcome outcome = talk_.refusal();
  EXPECT_EQ(outcome.end, End::kRefused);
  EXPECT_EQ(outcome.reason, "recipient_refused");
  EXPECT_EQ(outcome.code, 550);
  EXPECT_EQ(outcome.status, "5.1.1");
  EXPECT_FALSE(outcome.is_for_all);
}

TEST_F(ConversationTest, RecipientPutOffIsForLater) {
  reach_recipient();
  exchange("RCPT TO:<ann@example.com>\r\n", "450 4.2.0 greylisted\r\n");
  EXPECT_EQ(talk_.refusal().end, End::kTryLater);
  EXPECT_FALSE(talk_.refusal().is_for_all);
}

TEST_F(ConversationTest, RefusedLetterIsTheEnd) {
  reach_letter();
  talk_.heard("554 Message rejected: Email address is not verified.\r\n");
  EXPECT_EQ(talk_.refusal().end, End::kRefused);
  EXPECT_EQ(talk_.refusal().reason, "letter_refused");
  EXPECT_EQ(talk_.refusal().status, "");
}

TEST_F(ConversationTest, LetterWithoutReplyIsForLater) {
  reach_letter();
  EXPECT_FALSE(talk_.is_refused());
  EXPECT_EQ(talk_.failure("timed_out").end, End::kTryLater);
  EXPECT_FALSE(talk_.failure("timed_out").is_for_all);
}

TEST_F(ConversationTest, LastLineOfAReplyCounts) {
  reach_recipient();
  talk_.said("RCPT TO:<ann@example.com>\r\n");
  talk_.heard("550-5.1.1 no such\r\n");
  talk_.heard("550 5.1.1 mailbox\r\n");
  EXPECT_EQ(talk_.refusal().code, 550);
  EXPECT_EQ(talk_.refusal().status, "5.1.1");
}

TEST_F(ConversationTest, GoodbyeChangesNothing) {
  reach_recipient();
  exchange("RCPT TO:<ann@example.com>\r\n", "550 5.1.1 no\r\n");
  exchange("QUIT\r\n", "221 bye\r\n");
  EXPECT_EQ(talk_.refusal().code, 550);
}

TEST_F(ConversationTest, LinesThatAreNoReplyAreLeftOut) {
  reach_recipient();
  for (const char* line : {"", "5", "55", "5500 x", "abc", "-50 x", "999 x", "100 x"}) {
    talk_.heard(line);
    EXPECT_FALSE(talk_.is_refused()) << line;
  }
}

TEST_F(ConversationTest, StatusHasThreeNumbers) {
  for (const char* text : {"5.1", "5.1.", "5..1", "5.1.1.1", "5.1.1x", "1234.1.1", "x5.1.1", ""}) {
    SmtpConversation talk;
    talk.heard("550 " + std::string(text));
    EXPECT_EQ(talk.refusal().status, "") << text;
  }
  SmtpConversation talk;
  talk.heard("550 5.7.509");
  EXPECT_EQ(talk.refusal().status, "5.7.509");
}

}  // namespace
}  // namespace flowsell::mail
