#pragma once

#include <string>
#include <string_view>

#include "core/time.h"

namespace flowsell::mail {

// The parts of RFC 2045, 2047 and 5322 that our letters need. Reading is of what we write: it takes
// less than the standards allow.

/// Quoted-printable (RFC 2045 section 6.7): lines of at most 76 characters, ended by CRLF. A line
/// of `text` ends with LF or CRLF.
std::string quoted_printable(std::string_view text);
/// Lines are ended by LF.
std::string from_quoted_printable(std::string_view encoded);

/// A header's text that is not made of tokens (Subject): as it is where that is printable ASCII and
/// short, else encoded words (RFC 2047) with line ends between. `text` is one line of UTF-8.
std::string header_text(std::string_view text);
std::string from_header_text(std::string_view encoded);

/// A display name before an address: a quoted string, or encoded words.
std::string display_name(std::string_view name);

/// "Fri, 27 Nov 2026 01:05:51 +0000"
std::string header_date(Time t);

}  // namespace flowsell::mail
