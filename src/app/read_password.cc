#include "read_password.h"

#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace flowsell::app {
namespace {

constexpr const char* kVariable = "CONNECTD_INIT_PASSWORD";

/// While it lives the terminal does not show what is typed.
class HiddenTyping {
 public:
  HiddenTyping() {
    is_set_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (is_set_) is_set_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
  }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;
  ~HiddenTyping() {
    if (is_set_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool is_set_ = false;
};

Secret read_line() {
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  return Secret(std::move(line));
}

Secret ask(const char* what) {
  std::cerr << what << std::flush;
  const HiddenTyping hidden;
  Secret typed = read_line();
  std::cerr << "\n";
  return typed;
}

}  // namespace

Result<Secret> read_password() {
  if (const char* given = std::getenv(kVariable); given != nullptr && *given != '\0')
    return Secret(std::string(given));
  if (::isatty(STDIN_FILENO) == 0) {
    Secret line = read_line();
    if (!line.empty()) return line;
    return fail(ErrorCode::kInvalidRequest,
                "a password is needed: in CONNECTD_INIT_PASSWORD, or on the standard input");
  }
  Secret first = ask("Password of the first operator: ");
  const Secret again = ask("Once more: ");
  if (first.reveal() == again.reveal()) return first;
  return fail(ErrorCode::kInvalidRequest, "the two passwords differ: nothing was made");
}

}  // namespace flowsell::app
