#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/sensitive.h"
#include "crypto/key_ring.h"
#include "store/database.h"

namespace flowsell::sso {

/// Seals what this room keeps and nobody may read: client secrets, and what open attempts hold. The
/// key comes from the master key and is for nothing else; each text is bound to its row.
class Sealer {
 public:
  explicit Sealer(const crypto::KeyRing& ring);

  std::string seal(std::string_view bound_to, const Secret& secret) const;
  /// Fails with kInternal: another key, another row, or changed bytes.
  Result<Secret> unseal(std::string_view bound_to, std::string_view sealed) const;

 private:
  crypto::Key key_;
};

/// Seals every row anew, in the caller's transaction: after it only `to` opens them. How many.
/// Fails with kInternal, and then must be rolled back, where `from` does not open one.
Result<std::int64_t> reseal(store::Connection& db, const Sealer& from, const Sealer& to);

}  // namespace flowsell::sso
