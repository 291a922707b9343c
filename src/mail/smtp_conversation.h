#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mail/transport.h"

namespace flowsell::mail {

/// How far we came with a server, and what it said last. Keeps codes, never words: they may repeat
/// the address.
class SmtpConversation {
 public:
  /// A line that was sent to the server.
  void said(std::string_view line);
  /// A piece of the letter was sent.
  void sent_data();
  /// A line of a reply.
  void heard(std::string_view line);

  /// True: the last thing that it said is no.
  bool is_refused() const noexcept { return code_ >= 400; }
  /// What that means.
  Outcome refusal() const;
  /// What it means that there was no reply.
  Outcome failure(std::string_view reason) const;

 private:
  enum class Step : std::uint8_t {
    kGreeting,
    kHello,
    kTls,
    kLogin,
    kSender,
    kRecipient,
    kData,
    kLetter,
  };
  void begin(Step step);
  bool is_about_letter() const noexcept { return step_ >= Step::kRecipient; }

  Step step_ = Step::kGreeting;
  bool is_over_ = false;  ///< goodbyes tell nothing
  int code_ = 0;          ///< of the last reply since the last command
  std::string status_;
};

}  // namespace flowsell::mail
