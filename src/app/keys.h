#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cluster/key_check.h"
#include "config/settings.h"
#include "core/time.h"
#include "crypto/key_ring.h"
#include "crypto/rotating_keys.h"

namespace flowsell::app {

/// Every key of the server, from where it lives (DESIGN 4, "Keys and content").
struct Keys {
  crypto::KeyRing ring;
  std::unique_ptr<crypto::RotatingKeys> spool;        ///< waiting content
  std::unique_ptr<crypto::RotatingKeys> fingerprint;  ///< idempotency fingerprints
  crypto::Key contact;                                ///< keyed hashes of recipients
  crypto::Key peers;                                  ///< what replicas tell each other

  /// What replicas compare, to find out whether they have the same.
  std::vector<cluster::SharedKey> shared(Time now) const;
};
/// Where there is one: no file is made. nullopt: there is none.
Result<std::optional<crypto::KeyRing>> find_key_ring(const config::Settings& settings);
Result<Keys> open_keys(const config::Settings& settings, Time now);

}  // namespace flowsell::app
