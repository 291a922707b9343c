#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "store/database.h"

namespace flowsell::consent {

/// That somebody wants no marketing from a sender, as the provider told it: told to the provider,
/// not to us. The contact is the keyed hash of the workspace's messages.
struct OptOutKey {
  WorkspaceId workspace;
  SenderId sender;
  std::array<std::uint8_t, 16> contact{};
};

/// In a transaction. An older choice than the one that is known changes nothing.
Result<> record_choice(store::Connection& db, const OptOutKey& key, bool stopped, Time at);

/// In the caller's snapshot.
Result<bool> has_opted_out(store::Connection& db, const OptOutKey& key);
/// The same of many people, in their order.
Result<std::vector<bool>> have_opted_out(store::Connection& db, const WorkspaceId& workspace,
                                         const SenderId& sender,
                                         std::span<const std::array<std::uint8_t, 16>> contacts);

}  // namespace flowsell::consent
