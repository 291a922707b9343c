#pragma once

#include <span>

#include "store/database.h"
#include "store/growing_table.h"

namespace flowsell::webhook {

/// Tables of this room: webhook_endpoints, events, deliveries.
std::span<const store::Migration> migrations();
/// Those of them that grow for ever: events, deliveries.
std::span<const store::GrowingTable* const> growing_tables();

}  // namespace flowsell::webhook
