#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::connections {

/// Tables of this room: what is new of connections. They and senders are made with the first
/// messages (messaging/schema.cc, 40).
std::span<const store::Migration> migrations();

}  // namespace flowsell::connections
