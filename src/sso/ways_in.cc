#include "sso/ways_in.h"

#include <algorithm>

#include "identity_table.h"
#include "provider_table.h"
#include "sso/provider.h"

namespace flowsell::sso {
namespace {

Result<std::string> name_of(store::Connection& db, const std::string& key) {
  if (const auto name = global_name(key); !name.empty()) return std::string(name);
  const auto id = IdentityProviderId::parse(key);
  if (!id) return key;
  TRY(const auto stored, find_provider(db, *id));
  return stored ? stored->provider.name : key;
}

}  // namespace

Result<std::vector<accounts::WayIn>> ways_in(store::Connection& db, const UserId& user) {
  TRY(const auto identities, list_identities(db, user));
  std::vector<accounts::WayIn> ways;
  for (const Identity& each : identities) {
    if (std::ranges::find(ways, each.provider, &accounts::WayIn::provider) != ways.end()) continue;
    TRY(std::string name, name_of(db, each.provider));
    ways.push_back({each.provider, std::move(name)});
  }
  return ways;
}

}  // namespace flowsell::sso
