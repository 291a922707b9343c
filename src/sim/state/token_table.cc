#include "state/token_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "core/encoding.h"
#include "crypto/hash.h"

namespace flowsell::sim {
namespace {

constexpr std::array<std::string_view, kScopes> kScopeNames = {
    "whatsapp_business_management", "whatsapp_business_messaging", "business_management"};

constexpr int kExpired = 463;
constexpr int kInvalid = 467;

}  // namespace

std::string_view scope_name(Scope scope) noexcept {
  return kScopeNames[static_cast<std::size_t>(scope)];
}

bool TokenFacts::allows(Scope scope, std::string_view target) const noexcept {
  if (kind != Kind::kUser) return true;
  const auto& grant = grants[static_cast<std::size_t>(scope)];
  return grant.given &&
         (grant.targets.empty() || std::ranges::find(grant.targets, target) != grant.targets.end());
}

TokenTable::TokenTable(const Secret& master, std::string app_id) : master_(master) {
  auto facts = std::make_shared<TokenFacts>();
  facts->app_id = std::move(app_id);
  of_master_ = std::move(facts);
}

void TokenTable::put(std::string_view token, TokenFacts facts) {
  auto shared = std::make_shared<const TokenFacts>(std::move(facts));
  const std::unique_lock lock(mutex_);
  table_.insert_or_assign(std::string(token), std::move(shared));
  any_ = true;
}

void TokenTable::remove(std::string_view token) {
  const std::unique_lock lock(mutex_);
  const auto found = table_.find(token);
  if (found != table_.end()) table_.erase(found);
}

Checked<std::shared_ptr<const TokenFacts>> TokenTable::find(std::string_view token,
                                                            Time now) const {
  const auto master = master_.reveal();
  if (!master.empty() && crypto::constant_time_equal(token, master)) return of_master_;
  constexpr std::string_view kSessionExpired =
      "Error validating access token: Session has expired. The current time is later than its end.";
  if (token == "expired") return refuse_token(kExpired, std::string(kSessionExpired));
  if (any_.load(std::memory_order_relaxed)) {
    const std::shared_lock lock(mutex_);
    if (const auto found = table_.find(token); found != table_.end()) {
      const auto& facts = found->second;
      if (facts->is_revoked) {
        return refuse_token(460,
                            "Error validating access token: The session has been invalidated.");
      }
      if (facts->expires_ms != 0 && facts->expires_ms <= to_unix_ms(now)) {
        return refuse_token(kExpired, std::string(kSessionExpired));
      }
      return facts;
    }
  }
  const bool looks_like_an_apps = token.find('|') != token.npos;
  if (master.empty() && !looks_like_an_apps) return of_master_;
  return refuse_token(kInvalid, "Invalid OAuth access token - Cannot parse access token");
}

std::string_view token_of_header(std::string_view authorization) noexcept {
  for (const std::string_view scheme : {"Bearer ", "OAuth "}) {
    const bool fits = authorization.size() > scheme.size() &&
                      equals_ignoring_case(authorization.substr(0, scheme.size()), scheme);
    if (fits) return authorization.substr(scheme.size());
  }
  return {};
}

std::unexpected<GraphError> refuse_token(int subcode, std::string message) {
  return std::unexpected(GraphError{190, "", subcode, std::move(message)});
}

std::unexpected<GraphError> refuse_no_token() {
  return refuse_token(
      0, "An active access token must be used to query information about the current user.");
}

}  // namespace flowsell::sim
