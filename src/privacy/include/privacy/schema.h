#pragma once

#include <span>

#include "store/database.h"

namespace flowsell::privacy {

/// Tables of this room, among those that replicas share: data_requests, data_request_parts,
/// legal_holds.
std::span<const store::Migration> migrations();

}  // namespace flowsell::privacy
