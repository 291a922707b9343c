#include "state/app_table.h"

#include <mutex>
#include <utility>

#include "core/encoding.h"
#include "crypto/hash.h"

namespace flowsell::sim {

void AppTable::put(const std::string& id, std::string secret, bool requires_proof) {
  auto entry = std::make_shared<const Entry>(std::move(secret), requires_proof);
  const std::unique_lock lock(mutex_);
  entries_[id] = std::move(entry);
}

std::shared_ptr<const AppTable::Entry> AppTable::find(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second;
}

Checked<> AppTable::check_proof(const TokenFacts& caller, std::string_view token,
                                std::string_view proof) const {
  if (caller.kind == TokenFacts::Kind::kApp) return {};
  const auto app = find(caller.app_id);
  if (app == nullptr) return {};
  if (proof.empty()) {
    if (!app->requires_proof) return {};
    return refuse_as_graph(100, "API calls from the server require an appsecret_proof argument");
  }
  const auto right = hex_encode(crypto::hmac_sha256(app->secret, {token}));
  if (crypto::constant_time_equal(proof, right)) return {};
  return refuse_as_graph(100, "Invalid appsecret_proof provided in the API argument");
}

}  // namespace flowsell::sim
