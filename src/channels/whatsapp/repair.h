#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flowsell::whatsapp {

/// A copy of JSON text in which each \u escape that our strict parser refuses (U+0000 and lone
/// surrogates, as a text cut in the middle of an emoji has) is U+FFFD instead. nullopt when there
/// was none. Lengths stay the same.
std::optional<std::string> repair_escapes(std::string_view json);

}  // namespace flowsell::whatsapp
