#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "core/id.h"
#include "http/egress_guard.h"
#include "runtime/task.h"
#include "sso/provider.h"
#include "sso/sealer.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::sso {

struct StoredProvider;

/// The identity providers of workspaces, and what their owners do to them. Each change stands on
/// the record of the account that made it, in its transaction. Thread-safe.
class Providers {
 public:
  static constexpr std::size_t kPerWorkspaceMax = 10;

  Providers(store::Database& db, const Sealer& sealer, const http::EgressGuard& guard,
            IdSource& ids, const Clock& clock);

  struct Draft {
    std::string name, issuer, client_id;
    Secret client_secret;
    oidc::ClientAuth auth = oidc::ClientAuth::kBasic;
    identity::Role role = identity::Role::kViewer;
    bool trusts_email = false;
    bool is_enabled = true;
  };
  /// What may be stored: an issuer by https, at a place that the server connects to, of one tenant;
  /// a secret where the client needs one. Fails with kInvalidRequest.
  Result<> check(const Draft& draft) const;
  IdentityProviderId next_id() const { return ids_.next<IdKind::kIdentityProvider>(); }
  /// Fails with kConflict (too many), and as check().
  Task<Provider> create(team::By by, IdentityProviderId id, Draft draft);

  /// What is to be another. The issuer stays: another one is another provider.
  struct Change {
    std::optional<std::string> name, client_id;
    std::optional<Secret> client_secret;
    std::optional<oidc::ClientAuth> auth;
    std::optional<identity::Role> role;
    std::optional<bool> trusts_email, is_enabled;
  };
  /// One that is switched off ends the sessions that rest on its word. Fails with kNotFound, and
  /// with kInvalidRequest where the client needs a secret and has none.
  Task<Provider> change(team::By by, IdentityProviderId id, Change change);
  /// Its sessions end; identities stay with their users. Fails with kNotFound.
  Task<> remove(team::By by, IdentityProviderId id);

  /// The oldest first.
  Task<std::vector<Provider>> list(WorkspaceId workspace) const;
  /// Fails with kNotFound.
  Task<Provider> find(WorkspaceId workspace, IdentityProviderId id) const;

  /// Whatever its workspace. nullopt: there is none, or it is switched off.
  Task<std::optional<OpenProvider>> open(IdentityProviderId id) const;
  /// The one that a workspace's people go to: the oldest that is not switched off.
  Task<std::optional<OpenProvider>> open_first(WorkspaceId workspace) const;

 private:
  audit::Act act_of(const team::By& by, std::string name, const IdentityProviderId& id) const;
  Result<std::optional<OpenProvider>> opened(StoredProvider stored) const;

  store::Database& db_;
  const Sealer& sealer_;
  const http::EgressGuard& guard_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::sso
