#pragma once

#include <string>
#include <string_view>

namespace flowsell::accounts {

/// Without the spaces around it.
std::string_view trimmed(std::string_view text);

/// What may stand in the name of a person or a workspace: one line of 1 to 100 characters that
/// can't be taken for a link or a tag, since mails to strangers show it.
bool is_plain_name(std::string_view text);

/// Bytes that may stand in a mail and in a list: UTF-8 without control characters. Others become
/// '?'.
std::string text_only(std::string bytes);

}  // namespace flowsell::accounts
