#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/sensitive.h"
#include "identity/api_keys.h"
#include "metering/idempotency.h"
#include "runtime/task.h"
#include "store/database.h"
#include "team/by.h"

namespace flowsell::team {

/// Makes, rotates and revokes API keys. Every change is on the workspace's audit log, and holds
/// from the moment that it is stored: nobody else has the workspace's keys in memory. Thread-safe.
class KeyDesk {
 public:
  static constexpr std::size_t kPerWorkspaceMax = 200;  ///< that are not revoked
  static constexpr std::int64_t kDeadKeysMax = 1000;    ///< that are listed all the same
  static constexpr std::chrono::hours kOverlapMax{30 * 24};

  /// `policies_version`: what an owner must have accepted before a live key is made; empty:
  /// nothing.
  KeyDesk(store::Database& db, identity::ApiKeys& keys, metering::Idempotency& idempotency,
          IdSource& ids, const Clock& clock, std::string policies_version = {});

  struct Draft {
    std::string name;
    identity::Mode mode = identity::Mode::kTest;
    identity::Scopes scopes;
    identity::KeyRules rules;
  };
  struct Made {
    identity::ApiKey key;
    std::optional<Secret> text;  ///< shown once: nullopt of a replay
  };
  /// Fails with kInsufficientScope (a member's key has no more than the member), kConflict (too
  /// many), kTermsNotAccepted, and the codes of an Idempotency-Key.
  Task<Made> create(By by, Draft draft, std::optional<metering::IdempotentCall> call);
  /// A new key with the rules of the old one, which goes on for `overlap`. Fails with kNotFound,
  /// kConflict (it is revoked, has expired, or was rotated before), kInsufficientScope.
  Task<Made> rotate(By by, ApiKeyId id, std::chrono::seconds overlap,
                    std::optional<metering::IdempotentCall> call);
  /// Fails with kNotFound; one that is revoked already stays so.
  Task<> revoke(By by, ApiKeyId id);
  /// Whoever has a key's whole text may end it. nullopt: it is none that still lives.
  Task<std::optional<identity::ApiKey>> revoke_leaked(Secret text, audit::Origin from);

  /// Newest first, revoked ones too.
  Task<std::vector<identity::ApiKey>> list(WorkspaceId workspace) const;
  /// Fails with kNotFound.
  Task<identity::ApiKey> find(WorkspaceId workspace, ApiKeyId id) const;

 private:
  struct Outcome;
  using Put = std::function<Result<std::optional<Error>>(store::Connection&)>;
  Task<Made> make(const By& by, identity::ApiKey fresh, Secret text,
                  std::optional<metering::IdempotentCall> call, Put first, std::string act_name);
  identity::ApiKey fresh_key(const By& by, const Draft& draft, const Secret& text) const;

  store::Database& db_;
  identity::ApiKeys& keys_;
  metering::Idempotency& idempotency_;
  IdSource& ids_;
  const Clock& clock_;
  const std::string policies_version_;
};

}  // namespace flowsell::team
