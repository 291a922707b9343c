#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/key_ring.h"
#include "store/database.h"
#include "vault/root_keys.h"

namespace flowsell::vault {

constexpr std::string_view kRoot = "root";
constexpr std::string_view kFormer = "former";

/// A root key, sealed under one master key.
struct Seal {
  std::string name;
  std::string master;  ///< its id
  std::int64_t generation = 0;
  std::string sealed;
};

/// Oldest generation first.
Result<std::vector<Seal>> seals_of(store::Connection& db);
/// The same of a snapshot. Blocking.
Result<std::vector<Seal>> read_seals(store::Database& shared);
/// The master keys that they are sealed under, in their order.
std::vector<std::string> masters_in(const std::vector<Seal>& seals);
Result<> insert_seals(store::Connection& db, const RootKeys& roots, const crypto::KeyRing& master,
                      std::int64_t generation);

/// Fails with kNotFound: `seals` has none of these under `master`; with kInternal: it does not
/// open.
Result<RootKeys> open_seals(const std::vector<Seal>& seals, const crypto::KeyRing& master);

}  // namespace flowsell::vault
