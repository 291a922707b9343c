#include "message_error.h"

#include <gtest/gtest.h>

#include "messaging/render.h"
#include "messaging_world.h"

namespace flowsell::messaging {
namespace {

ProviderError refusal() {
  ProviderError error;
  error.provider = "fake";
  error.code = 131047;
  error.subcode = 5;
  error.reason = "window_closed";
  error.trace_id = "trace";
  error.fix = "Send a template.";
  error.text = "its own words";
  return error;
}

TEST(MessageErrors, OfOursSayWhatToDo) {
  for (const char* code : {"content_unavailable", "message_expired", "no_answer", "process_ended",
                           "restored_from_backup", "sender_removed", "unreadable_answer"}) {
    EXPECT_EQ(own_error(code).code, code);
    EXPECT_NE(own_error(code).fix, "") << code;
  }
}

TEST(MessageErrors, OfAProviderKeepItsNumbersAndNotItsWords) {
  const auto error = error_of(refusal());
  EXPECT_EQ(error.code, "window_closed");
  EXPECT_EQ(error.provider_code, 131047);
  EXPECT_EQ(error.provider_subcode, 5);
  EXPECT_EQ(error.trace_id, "trace");
  EXPECT_EQ(error.fix, "Send a template.");
}

TEST(MessageErrors, OutcomeThatIsNoErrorHasNone) {
  channel::Outcome outcome;
  outcome.kind = channel::Outcome::Kind::kSent;
  EXPECT_FALSE(error_of(outcome));
  outcome.kind = channel::Outcome::Kind::kRetry;
  outcome.error = refusal();
  EXPECT_FALSE(error_of(outcome));
}

TEST(MessageErrors, UnknownOutcomeIsNamedByItsReason) {
  channel::Outcome outcome;
  outcome.kind = channel::Outcome::Kind::kUnknown;
  outcome.reason = "no_answer";
  EXPECT_EQ(error_of(outcome)->code, "no_answer");
}

TEST(MessageErrors, StoredOneIsExplainedByItsSendersAdapter) {
  MessagingWorld world;
  MessageRow row;
  EXPECT_EQ(fix_of(world.senders, row), "");
  row.sender = world.sender->id;
  row.error = error_of(refusal());
  row.error->fix.clear();
  EXPECT_EQ(fix_of(world.senders, row), "Do as it says.");
  row.error = own_error("message_expired");
  EXPECT_EQ(fix_of(world.senders, row), own_error("message_expired").fix);
  row.error = error_of(refusal());
  row.sender = world.ids.next<IdKind::kSender>();
  EXPECT_EQ(fix_of(world.senders, row), "");
}

}  // namespace
}  // namespace flowsell::messaging
