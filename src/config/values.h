#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/error.h"

namespace flowsell::config {

// Text to value. Each fails with kInvalidRequest; the detail says what was expected and never
// repeats the text, because the same functions read secrets.

/// The inclusive range of a number. `text` of an error names both ends.
struct Range {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

Result<std::int64_t> parse_number(std::string_view text, Range range);
/// "true" or "false".
Result<bool> parse_switch(std::string_view text);
/// "127.0.0.1:8080" or "[::1]:8080": an IP address, never a name.
Result<ListenAddress> parse_listen_address(std::string_view text);
/// "host:port"; the host may be a name, an IPv4 address or a bracketed IPv6 address.
Result<std::string> parse_target(std::string_view text);
/// An absolute http or https URL without user, query, fragment or trailing slash; "" is allowed.
Result<std::string> parse_base_url(std::string_view text);
/// What a load balancer can call a server: up to 64 letters, digits and of "-._:"; or "".
Result<std::string> parse_server_name(std::string_view text);
/// 64 hexadecimal digits, or "".
Result<Secret> parse_key(std::string_view text);

/// Splits at commas and cuts blanks around each item; "" is the empty list.
std::vector<std::string> split_list(std::string_view text);

/// The host of a URL that parse_base_url() accepted, without brackets.
std::string_view host_of(std::string_view base_url);
/// "localhost", 127.0.0.0/8 or ::1.
bool is_loopback_host(std::string_view host);

}  // namespace flowsell::config
