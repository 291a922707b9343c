#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::messaging {

/// Tables of this room: connections, senders, messages.
std::span<const store::Migration> migrations();

}  // namespace flowsell::messaging
