#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::http {

/// An absolute http or https URL, in the parts that a client needs.
struct Url {
  bool tls = false;
  std::string host;        ///< lower case, IDN in its ASCII form; an IPv6 literal without brackets
  std::uint16_t port = 0;  ///< 80 or 443 where the text names none
  std::string target = "/";  ///< path and query, as sent on the request line

  /// Fails with kInvalidRequest: another scheme, user and password in it, no host, a fragment, a
  /// control character, longer than 2048 bytes.
  static Result<Url> parse(std::string_view text);
  /// scheme://host[:port], the port only where it is not the scheme's own.
  std::string origin() const;
  std::string str() const { return origin() + target; }
};

}  // namespace flowsell::http
