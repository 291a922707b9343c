#include <array>

#include "vault/root_keys.h"

namespace flowsell::vault {
namespace {

// One row in root_keys for each: whoever inserts it makes the key, all others read it. The newest
// master key has the highest generation.
constexpr std::array kMigrations = {store::Migration{150, "root keys", R"sql(
CREATE TABLE root_keys (
  name TEXT NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE root_key_seals (
  name TEXT NOT NULL,
  master TEXT NOT NULL,
  generation INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (name, master)
) STRICT, WITHOUT ROWID;
CREATE TABLE master_key_holders (
  process TEXT NOT NULL PRIMARY KEY,
  master TEXT NOT NULL,
  noted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::vault
