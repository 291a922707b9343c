#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "crypto/key_ring.h"
#include "store/database.h"

/// What the master key seals, and nothing else does: the keys that everything of ours is sealed
/// under and derived from. Rows of the database that all replicas share.
namespace flowsell::vault {

/// Tables of this room: root_keys, root_key_seals, master_key_holders.
std::span<const store::Migration> migrations();

/// They stay the same for good, whatever the master key is by now.
struct RootKeys {
  crypto::KeyRing root;
  /// Of an installation that is older than root keys: the master key that it had then. What it
  /// derived goes on (hashes of recipients), and what it wrapped is wrapped anew under the root.
  std::optional<crypto::KeyRing> former;

  friend bool operator==(const RootKeys&, const RootKeys&) = default;
};

/// False: it is new, or older than root keys.
Result<bool> has_root_keys(store::Database& shared);

/// Opens them with whichever of `masters` they are sealed under. Fails with kConflict where it is
/// none of these, and with kNotFound where there are none. Blocking.
Result<RootKeys> read_root_keys(store::Database& shared, std::span<const crypto::KeyRing> masters);

/// The same, and makes them where there are none, sealed under the first of `masters`; of several
/// processes that do so at once one only. `is_older`: there is something already that this master
/// key has wrapped. Blocking.
Result<RootKeys> open_root_keys(store::Database& shared, std::span<const crypto::KeyRing> masters,
                                bool is_older, Time now);

}  // namespace flowsell::vault
