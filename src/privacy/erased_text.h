#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::privacy {

/// An event's body ("id":"msg_...", ...; without braces) without what names its person: the number
/// becomes an empty text, the provider's id, the client's reference and the provider's trace null,
/// the client's metadata empty. All else stays as it is. What can't be read becomes empty.
std::string erased_body(std::string_view body);

}  // namespace flowsell::privacy
