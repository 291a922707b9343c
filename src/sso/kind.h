#pragma once

#include "store/change.h"

namespace flowsell::sso {

/// Every change of this room.
inline constexpr store::WriteKind kKind{"sso", 8, store::apply_each<store::Change>};

}  // namespace flowsell::sso
