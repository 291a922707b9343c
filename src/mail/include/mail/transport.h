#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mail/letter.h"

namespace flowsell::mail {

/// How an attempt to hand over a letter ended.
struct Outcome {
  enum class End : std::uint8_t {
    kSent,         ///< who took it answers for it from now on
    kTryLater,     ///< nobody has it, or nobody can tell
    kRefused,      ///< this letter will never be taken
    kInterrupted,  ///< as kTryLater, by interrupt()
  };
  End end = End::kTryLater;
  /// Stable snake_case, ours: recipient_refused, unreachable, ... Empty when it was sent.
  std::string_view reason = {};
  int code = 0;             ///< the server's reply code (RFC 5321); 0: there was none
  std::string status = {};  ///< its enhanced status code (RFC 3463), "5.1.1"; often empty
  /// It is about the server, or how we are set up, and no other letter would fare better.
  bool is_for_all = false;
};

/// The way out. One letter at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Blocking, for the transport's time-out at most.
  virtual Outcome send(const Letter& letter) = 0;
  /// Makes a send() that is under way end soon, and those to come at once. From any thread.
  virtual void interrupt() noexcept {}
};

}  // namespace flowsell::mail
