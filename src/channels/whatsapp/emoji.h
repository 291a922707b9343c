#pragma once

#include <string_view>

namespace flowsell::whatsapp {

/// True when `text` (valid UTF-8) is one emoji: a base with its modifiers, a joined sequence, a
/// flag or a keycap. Lenient: it knows the blocks that emoji come from, not every single one;
/// WhatsApp has the last word. Source: Unicode Technical Standard 51, section 1.4.9; the bound of
/// 10 code points is ours and fits the longest recommended sequences.
bool is_one_emoji(std::string_view text);

/// True when some character of `text` (valid UTF-8) is from the blocks of pictures: what a label
/// without emoji must not have. Symbols that texts use as well, such as arrows, are none.
bool has_emoji(std::string_view text);

}  // namespace flowsell::whatsapp
