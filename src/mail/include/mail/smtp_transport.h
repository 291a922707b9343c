#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/error.h"
#include "core/sensitive.h"
#include "mail/transport.h"

namespace flowsell::mail {

enum class SmtpTls : std::uint8_t {
  kUnlessLoopback,  ///< smtp:// to another machine needs STARTTLS, to this one uses none
  kAlways,          ///< smtp:// needs STARTTLS wherever it goes
};

struct SmtpOptions {
  std::string url;   ///< smtp://host[:587] with STARTTLS, or smtps://host[:465]
  std::string user;  ///< empty: nobody logs in
  Secret password;
  SmtpTls tls = SmtpTls::kUnlessLoopback;
  std::string ca_file = {};  ///< PEM; empty: the system's authorities
  std::chrono::milliseconds connect_timeout{10'000};
  /// Of a whole letter; the goodbye has as much again. Where it is short of what a server needs to
  /// say yes to a letter, that letter is sent twice.
  std::chrono::milliseconds timeout{60'000};
};

/// A server that takes mail for delivery (RFC 6409), AWS SES among them. Each letter has its own
/// connection. The process must ignore SIGPIPE. A certificate is always verified, against the URL's
/// host; logs in with AUTH PLAIN or LOGIN.
///
/// A 4xx, and whatever is no reply, is kTryLater; a 5xx about the recipient or the letter is
/// kRefused. A 5xx before that (greeting, login, sender) is about us, not about the letter:
/// kTryLater. So is a connection lost when the letter was out and no reply was in, though the
/// server may have it.
///
/// Fails with kInvalidRequest: a URL of another form, a time-out that is none. Nothing is connected
/// yet.
Result<std::unique_ptr<Transport>> smtp_transport(SmtpOptions options);

}  // namespace flowsell::mail
