#include "smtp_conversation.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

namespace flowsell::mail {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The "5.1.1" that `text` begins with (RFC 3463 section 2); empty: none.
std::string_view enhanced_status(std::string_view text) {
  std::size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    if (part > 0) {
      if (at >= text.size() || text[at] != '.') return {};
      ++at;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == begin || at - begin > 3) return {};
  }
  const bool is_all = at == text.size() || text[at] == ' ' || text[at] == '\r';
  return is_all ? text.substr(0, at) : std::string_view();
}

}  // namespace

void SmtpConversation::begin(Step step) {
  step_ = step;
  code_ = 0;
  status_.clear();
}

void SmtpConversation::said(std::string_view line) {
  constexpr std::array<std::pair<std::string_view, Step>, 7> kCommands = {{
      {"EHLO ", Step::kHello},
      {"HELO ", Step::kHello},
      {"STARTTLS\r\n", Step::kTls},
      {"AUTH ", Step::kLogin},
      {"MAIL FROM:", Step::kSender},
      {"RCPT TO:", Step::kRecipient},
      {"DATA\r\n", Step::kData},
  }};
  if (line.starts_with("QUIT\r\n")) is_over_ = true;
  if (is_over_) return;
  for (const auto& [head, step] : kCommands) {
    if (line.starts_with(head)) return begin(step);
  }
  begin(step_);  // a login goes on
}

void SmtpConversation::sent_data() {
  if (!is_over_) begin(Step::kLetter);
}

void SmtpConversation::heard(std::string_view line) {
  int code = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), code);
  if (is_over_ || error != std::errc{} || end != line.data() + 3 || code < 200 || code > 599)
    return;
  code_ = code;
  if (line.size() > 4) status_ = enhanced_status(line.substr(4));
}

Outcome SmtpConversation::refusal() const {
  constexpr std::array<std::string_view, 8> kReasons = {
      "greeting_refused", "hello_refused",     "tls_refused",    "login_refused",
      "sender_refused",   "recipient_refused", "letter_refused", "letter_refused"};
  Outcome outcome = failure(kReasons.at(static_cast<std::size_t>(step_)));
  outcome.code = code_;
  outcome.status = status_;
  if (code_ >= 500 && is_about_letter()) outcome.end = Outcome::End::kRefused;
  return outcome;
}

Outcome SmtpConversation::failure(std::string_view reason) const {
  return {.end = Outcome::End::kTryLater, .reason = reason, .is_for_all = !is_about_letter()};
}

}  // namespace flowsell::mail
