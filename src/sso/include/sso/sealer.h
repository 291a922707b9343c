#pragma once

#include <string>
#include <string_view>

#include "core/sensitive.h"
#include "crypto/key_ring.h"

namespace flowsell::sso {

/// Seals what this room keeps and nobody may read: client secrets, and what open attempts hold. The
/// key comes from the root key and is for nothing else; each text is bound to its row.
class Sealer {
 public:
  explicit Sealer(const crypto::KeyRing& ring);

  std::string seal(std::string_view bound_to, const Secret& secret) const;
  /// Fails with kInternal: another key, another row, or changed bytes.
  Result<Secret> unseal(std::string_view bound_to, std::string_view sealed) const;

 private:
  crypto::Key key_;
};

}  // namespace flowsell::sso
