#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::media {

/// Tables of this room: media.
std::span<const store::Migration> migrations();

}  // namespace flowsell::media
