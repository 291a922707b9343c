#pragma once

#include <string_view>

namespace flowsell::mail {

/// Whether we send to this address: local@host.domain in ASCII, as RFC 5321 section 4.1.2 has it
/// without quotes, comments and address literals; a host outside of ASCII in its xn-- form. What it
/// lets through can stand in a header and in an SMTP command as it is.
bool is_valid_address(std::string_view address);

/// What stands behind the '@' of a valid address.
std::string_view host_of(std::string_view address);

/// One line of UTF-8 without control characters: a name, or what a template is filled with.
bool is_one_line(std::string_view text);

}  // namespace flowsell::mail
