#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::channel {

/// What a provider's error code means for trying again (reference: whatsapp.md section 2.2).
enum class RetryClass : std::uint8_t {
  kNo,       ///< final for this message
  kFix,      ///< final until the business or the operator changes something
  kBackoff,  ///< try again soon, with growing delay
  kWait,     ///< try again after a known, long time
  kToken,    ///< the sender's credentials are refused: the whole sender waits
};

/// How far a delay reaches: one recipient's lane or the sender with all its lanes.
enum class RetryScope : std::uint8_t { kLane, kSender };

/// What a provider's answer says, read without knowledge of how it came. Made by
/// Adapter::interpret().
struct Interpretation {
  enum class Kind : std::uint8_t { kAccepted, kError, kUnreadable } kind = Kind::kUnreadable;
  std::string provider_message_id;  ///< kAccepted
  std::string provider_status;  ///< kAccepted: "held_for_quality_assessment", "paused"; else empty
  ProviderError error;          ///< kError
  RetryClass retry = RetryClass::kNo;    ///< kError
  RetryScope scope = RetryScope::kLane;  ///< kError
  std::optional<std::chrono::seconds>
      retry_after;  ///< kError: from Retry-After or the code's known time
};

/// What happened on the wire, the only facts that the decision needs.
struct WireFacts {
  bool byte_sent = false;
  bool answered = false;  ///< a whole HTTP answer was read
  std::string_view
      wire_failure;  ///< "unconnected", "timed_out", ...: why there is no answer; a literal
};

/// What becomes of the attempt.
struct Outcome {
  enum class Kind : std::uint8_t {
    kSent,     ///< the provider took it and gave its id
    kRetry,    ///< certainly not taken; may be tried again
    kFailed,   ///< certainly refused, for good
    kUnknown,  ///< it may have been taken: never sent again by us
  } kind = Kind::kUnknown;
  std::string provider_message_id;
  std::optional<ProviderError> error;
  RetryClass retry = RetryClass::kBackoff;
  RetryScope scope = RetryScope::kLane;
  std::optional<std::chrono::seconds> retry_after;
  std::string_view
      reason;  ///< stable: "sent", "provider_error", "not_sent", "no_answer", "unreadable_answer"
};

/// The one place where an attempt's outcome is decided (DESIGN 4.8): no byte sent -> retry; a
/// readable error -> its retry class; a readable success -> sent; everything else -> unknown. Pure.
Outcome decide(const WireFacts& wire, const Interpretation& answer);

}  // namespace flowsell::channel
