#include "sso/providers.h"

#include <algorithm>
#include <utility>

#include "acts.h"
#include "audit/audit_log.h"
#include "http/url.h"
#include "json/writer.h"
#include "kind.h"
#include "provider_table.h"
#include "store/change.h"

namespace flowsell::sso {
namespace {

Error no_provider() { return {ErrorCode::kNotFound, "the workspace has no such provider"}; }

Error lacks_secret() {
  Error error{ErrorCode::kInvalidRequest, "the client has no secret"};
  error.fields.push_back({"/client_secret", "required", "the client has no secret",
                          "Send it, or client_auth none for a client that has none."});
  return error;
}

/// What a record says of a provider: of its secret only that there is another one.
enum class SecretIs : std::uint8_t { kAsBefore, kReplaced };
std::string json_of(const Provider& p, SecretIs secret = SecretIs::kAsBefore) {
  json::Writer out;
  out.begin_object().key("name").string(p.name).key("issuer").string(p.issuer);
  out.key("client_id").string(p.client_id).key("client_auth").string(auth_name(p.auth));
  out.key("default_role").string(identity::role_name(p.role));
  out.key("trust_email").boolean(p.trusts_email).key("enabled").boolean(p.is_enabled);
  if (secret == SecretIs::kReplaced) out.key("client_secret").string("replaced");
  out.end_object();
  return std::move(out).take();
}

struct Changed {
  std::optional<Error> refused;
  Provider provider;
};

}  // namespace

Providers::Providers(store::Database& db, const Sealer& sealer, const http::EgressGuard& guard,
                     IdSource& ids, const Clock& clock)
    : db_(db), sealer_(sealer), guard_(guard), ids_(ids), clock_(clock) {}

audit::Act Providers::act_of(const team::By& by, std::string name,
                             const IdentityProviderId& id) const {
  return account_act(ids_, clock_.now(), by.caller.user, by.origin, std::move(name), id.str());
}

Result<> Providers::check(const Draft& draft) const {
  const std::string& issuer = draft.issuer;
  const auto refuse = [](std::string why, std::string fix) {
    return fail_field("/issuer", "invalid_value", std::move(why), std::move(fix));
  };
  if (issuer.contains(oidc::kTenantTemplate))
    return refuse("a workspace's provider is one tenant", "Put the tenant's id in its place.");
  const auto url = http::Url::parse(issuer);
  if (!url || issuer.contains('?')) {
    return refuse("the issuer is no URL without query and fragment",
                  "Send it exactly as the provider's discovery document names it.");
  }
  if (const auto reachable = guard_.check(*url); !reachable)
    return refuse(reachable.error().detail, "Use a provider on the public internet, by https.");
  if (draft.auth != oidc::ClientAuth::kNone && draft.client_secret.empty())
    return std::unexpected(lacks_secret());
  return {};
}

Task<Provider> Providers::create(team::By by, IdentityProviderId id, Draft draft) {
  CO_CHECK_OK(check(draft));
  StoredProvider fresh;
  Provider& p = fresh.provider;
  p.key = id.str();
  p.workspace = by.caller.workspace;
  p.name = draft.name;
  p.issuer = draft.issuer;
  p.client_id = draft.client_id;
  p.auth = draft.auth;
  p.role = draft.role;
  p.trusts_email = draft.trusts_email;
  p.is_enabled = draft.is_enabled;
  p.created_at = p.updated_at = clock_.now();
  fresh.sealed_secret = sealer_.seal(id.blob(), draft.client_secret);
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto others, list_providers(db, p.workspace));
    if (others.size() >= kPerWorkspaceMax) return false;
    CHECK_OK(insert_provider(db, fresh));
    auto act = act_of(by, "sso_provider.created", id);
    act.after = json_of(p);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool is_made, co_await store::change(db_, kKind, std::move(body)));
  if (!is_made) {
    co_return fail(
        ErrorCode::kConflict,
        "a workspace has at most " + std::to_string(kPerWorkspaceMax) + " identity providers");
  }
  co_return fresh.provider;
}

Task<Provider> Providers::change(team::By by, IdentityProviderId id, Change change) {
  auto body = [&](store::Connection& db) -> Result<Changed> {
    TRY(auto stored, find_provider(db, id));
    if (!stored || stored->provider.workspace != by.caller.workspace)
      return Changed{no_provider(), {}};
    Provider& p = stored->provider;
    const std::string before = json_of(p);
    TRY(Secret secret, sealer_.unseal(id.blob(), stored->sealed_secret));
    p.name = change.name.value_or(p.name);
    p.client_id = change.client_id.value_or(p.client_id);
    p.auth = change.auth.value_or(p.auth);
    p.role = change.role.value_or(p.role);
    p.trusts_email = change.trusts_email.value_or(p.trusts_email);
    p.is_enabled = change.is_enabled.value_or(p.is_enabled);
    p.updated_at = clock_.now();
    if (change.client_secret) secret = *change.client_secret;
    if (p.auth != oidc::ClientAuth::kNone && secret.empty()) return Changed{lacks_secret(), {}};
    stored->sealed_secret = sealer_.seal(id.blob(), secret);
    CHECK_OK(update_provider(db, *stored));
    if (!p.is_enabled) CHECK_OK(accounts::Accounts::end_vouched_in(db, p.key));
    auto act = act_of(by, "sso_provider.changed", id);
    act.before = before;
    act.after = json_of(p, change.client_secret ? SecretIs::kReplaced : SecretIs::kAsBefore);
    CHECK_OK(audit::append(db, act));
    return Changed{std::nullopt, p};
  };
  CO_TRY(auto changed, co_await store::change(db_, kKind, std::move(body)));
  if (changed.refused) co_return std::unexpected(*std::move(changed.refused));
  co_return std::move(changed.provider);
}

Task<> Providers::remove(team::By by, IdentityProviderId id) {
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto stored, find_provider(db, id));
    if (!stored || stored->provider.workspace != by.caller.workspace) return false;
    CHECK_OK(delete_provider(db, id));
    CHECK_OK(accounts::Accounts::end_vouched_in(db, stored->provider.key));
    auto act = act_of(by, "sso_provider.deleted", id);
    act.before = json_of(stored->provider);
    CHECK_OK(audit::append(db, act));
    return true;
  };
  CO_TRY(const bool was_there, co_await store::change(db_, kKind, std::move(body)));
  if (!was_there) co_return std::unexpected(no_provider());
  co_return Result<>{};
}

Task<std::vector<Provider>> Providers::list(WorkspaceId workspace) const {
  CO_TRY(auto stored, co_await db_.read([workspace](store::Connection& db) {
    return list_providers(db, workspace);
  }));
  std::vector<Provider> all;
  all.reserve(stored.size());
  for (StoredProvider& each : stored) all.push_back(std::move(each.provider));
  co_return all;
}

Task<Provider> Providers::find(WorkspaceId workspace, IdentityProviderId id) const {
  CO_TRY(auto stored,
         co_await db_.read([id](store::Connection& db) { return find_provider(db, id); }));
  if (!stored || stored->provider.workspace != workspace) co_return std::unexpected(no_provider());
  co_return std::move(stored->provider);
}

Result<std::optional<OpenProvider>> Providers::opened(StoredProvider stored) const {
  TRY(Secret secret, sealer_.unseal(id_of(stored.provider).blob(), stored.sealed_secret));
  return OpenProvider{std::move(stored.provider), std::move(secret)};
}

Task<std::optional<OpenProvider>> Providers::open(IdentityProviderId id) const {
  CO_TRY(auto stored,
         co_await db_.read([id](store::Connection& db) { return find_provider(db, id); }));
  if (!stored || !stored->provider.is_enabled) co_return std::nullopt;
  co_return opened(*std::move(stored));
}

Task<std::optional<OpenProvider>> Providers::open_first(WorkspaceId workspace) const {
  CO_TRY(auto all, co_await db_.read([workspace](store::Connection& db) {
    return list_providers(db, workspace);
  }));
  const auto first = std::ranges::find_if(
      all, [](const StoredProvider& each) { return each.provider.is_enabled; });
  if (first == all.end()) co_return std::nullopt;
  co_return opened(std::move(*first));
}

}  // namespace flowsell::sso
