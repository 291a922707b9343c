#include "channel/outcome.h"

namespace flowsell::channel {
namespace {

/// What is taken from us for good or may have been must never leave again, so this is the reading
/// of every doubt.
Outcome unknown(std::string_view reason) {
  Outcome out;
  out.kind = Outcome::Kind::kUnknown;
  out.reason = reason;
  return out;
}

Outcome not_sent() {
  Outcome out;
  out.kind = Outcome::Kind::kRetry;
  out.retry = RetryClass::kBackoff;
  out.scope = RetryScope::kSender;  // who can't be reached can't be for any recipient
  out.reason = "not_sent";
  return out;
}

Outcome sent(const Interpretation& answer) {
  Outcome out;
  out.kind = Outcome::Kind::kSent;
  out.provider_message_id = answer.provider_message_id;
  out.reason = "sent";
  return out;
}

bool is_final(RetryClass retry) { return retry == RetryClass::kNo || retry == RetryClass::kFix; }

Outcome refused(const Interpretation& answer) {
  Outcome out;
  out.kind = is_final(answer.retry) ? Outcome::Kind::kFailed : Outcome::Kind::kRetry;
  out.error = answer.error;
  out.retry = answer.retry;
  out.scope = answer.scope;
  out.retry_after = answer.retry_after;
  out.reason = "provider_error";
  return out;
}

}  // namespace

Outcome decide(const WireFacts& wire, const Interpretation& answer) {
  if (!wire.byte_sent) return not_sent();
  if (!wire.answered) return unknown("no_answer");
  switch (answer.kind) {
    case Interpretation::Kind::kError:
      return refused(answer);
    case Interpretation::Kind::kAccepted:
      // Without the provider's id no later status could be matched: that is no readable success.
      return answer.provider_message_id.empty() ? unknown("unreadable_answer") : sent(answer);
    case Interpretation::Kind::kUnreadable:
      break;
  }
  return unknown("unreadable_answer");
}

}  // namespace flowsell::channel
