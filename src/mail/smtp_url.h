#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::mail {

struct SmtpUrl {
  bool is_tls = false;  ///< smtps: from the first byte
  std::string host;     ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;

  /// smtp://host[:port] or smtps://host[:port] and nothing else. Fails with kInvalidRequest.
  static Result<SmtpUrl> parse(std::string_view text);
  bool is_loopback() const;
  /// As curl takes it, with the port.
  std::string str() const;
};

}  // namespace flowsell::mail
