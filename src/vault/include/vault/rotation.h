#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "crypto/key_ring.h"
#include "store/database.h"
#include "vault/root_keys.h"

/// The steps by which one master key takes the place of another, beside processes that run. Each is
/// a transaction, and may be done again: what it finds done stays. Blocking.
namespace flowsell::vault {

/// What every step needs.
struct RotationDesk {
  store::Database& shared;
  const RootKeys& roots;
  IdSource& ids;
  const Clock& clock;
};

/// What became of a beginning.
enum class Begun {
  kNow,      ///< by this call, and on record
  kAlready,  ///< the root keys were sealed under it before
  kGaveWay,  ///< another process is at it with another key, and was first: nothing has changed
};
/// 1. The root keys are sealed under `next` too: from then on both keys open them. Of several that
/// begin at once with different keys one does, as long as who began it is among `live`; what
/// somebody began who is gone, another key overtakes. `me`: this process. Fails with
/// kStoreUnavailable: it is not seen among `live` yet.
Result<Begun> seal_under(const RotationDesk& desk, const crypto::KeyRing& next,
                         const std::string& me, std::span<const std::string> live);

/// 2. Fails with kInternal unless `master` alone opens every root key, and gives the one that we
/// have.
Result<> check_sealed(const RotationDesk& desk, const crypto::KeyRing& master);

/// Master keys that open the root keys now, the newest last: their ids.
Result<std::vector<std::string>> masters_of(store::Database& shared);

/// How the end of a rotation stands.
enum class Retired {
  kNothingLeft,  ///< the newest master key is the only one
  kWaits,        ///< this process has not the newest key, or one of the others has not
  kDone,         ///< the others open nothing any more, by this call
};
/// 3. Says that the process `me` has `master` for its next start; and when all of `live` have, and
/// it is the newest and is checked once more, takes away what the others open. On record.
Result<Retired> retire_others(const RotationDesk& desk, const crypto::KeyRing& master,
                              const std::string& me, std::span<const std::string> live);

}  // namespace flowsell::vault
