#pragma once

#include <span>

#include "store/database.h"
#include "store/growing_table.h"

namespace flowsell::messaging {

/// Tables of this room: connections, senders, messages.
std::span<const store::Migration> migrations();
/// Those of them that grow for ever: messages.
std::span<const store::GrowingTable* const> growing_tables();

}  // namespace flowsell::messaging
