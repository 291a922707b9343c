#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "audit/head_file.h"
#include "cluster/key_check.h"
#include "config/settings.h"
#include "core/time.h"
#include "crypto/key_ring.h"
#include "crypto/master_key_files.h"
#include "crypto/rotating_keys.h"
#include "store/database.h"
#include "vault/root_keys.h"

namespace flowsell::app {

/// The master key, from where it lives.
struct MasterKeys {
  crypto::KeyRing current;
  std::optional<crypto::KeyRing> next;          ///< is to take its place
  std::optional<crypto::MasterKeyFiles> files;  ///< where it is a file

  std::vector<crypto::KeyRing> all() const;
};

/// Every key of the server, from where it lives (DESIGN 4, "Keys and content").
struct Keys {
  MasterKeys master;
  crypto::KeyRing ring;                               ///< the root key
  std::optional<crypto::KeyRing> former;              ///< see vault::RootKeys
  std::unique_ptr<crypto::RotatingKeys> spool;        ///< waiting content
  std::unique_ptr<crypto::RotatingKeys> fingerprint;  ///< idempotency fingerprints
  crypto::Key contact;                                ///< keyed hashes of recipients
  crypto::Key peers;                                  ///< what replicas tell each other

  /// What replicas compare, to find out whether they have the same.
  std::vector<cluster::SharedKey> shared(Time now) const;
};
/// `shared`: the database that has, or is given, the root keys. Fails with what the operator must
/// change: in live mode also where there is no master key. Blocking.
Result<Keys> open_keys(const config::Settings& settings, store::Database& shared, Time now);
/// The root keys alone, where there are none: for tools. Blocking.
Result<> make_root_keys(const config::Settings& settings, store::Database& shared, Time now);
/// Whose signatures under heads of audit chains count: our own first.
std::vector<audit::PublicKey> head_keys(const vault::RootKeys& roots);
/// The root keys of a database that has them. Blocking.
Result<vault::RootKeys> read_roots(const config::Settings& settings, store::Database& shared);

/// Whether there is a master key, before anything is made: in live mode none is.
Result<> check_master_key(const config::Settings& settings);

/// Whether another master key than the one that is used now could not read all of it. Blocking.
Result<bool> holds_what_is_sealed(store::Database& shared);

/// Makes the folder where keys and databases lie, for its owner alone, if it is not there.
Result<> make_data_folder(const config::Settings& settings);

/// The settings say where it comes from.
bool is_kept_elsewhere(const config::Settings& settings);
/// Where it lies otherwise.
std::filesystem::path master_key_file(const config::Settings& settings);

}  // namespace flowsell::app
