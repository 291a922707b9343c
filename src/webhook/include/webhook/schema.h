#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::webhook {

/// Tables of this room: webhook_endpoints, events, deliveries.
std::span<const store::Migration> migrations();

}  // namespace flowsell::webhook
