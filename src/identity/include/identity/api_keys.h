#pragma once

#include <memory>
#include <shared_mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/id.h"
#include "core/sensitive.h"
#include "crypto/hash.h"
#include "identity/caller.h"
#include "store/database.h"

namespace flowsell::identity {

/// What names the key in an Authorization header (ApiKeyText::prefix); empty where there is none.
/// The key itself is not checked.
std::string_view key_name(std::string_view authorization) noexcept;
/// The same of a key whose form and checksum are right. Fails with kMissingApiKey or
/// kInvalidApiKey.
Result<std::string_view> checked_key_name(std::string_view authorization);

/// API keys: stored as prefix and SHA-256, shown once. Thread-safe.
class ApiKeys {
 public:
  ApiKeys(store::Database& db, IdSource& ids, const Clock& clock);

  struct Created {
    ApiKeyId id;
    Secret key;
  };
  /// Blocking: for start-up and tools.
  Result<Created> create(WorkspaceId workspace, Mode mode, std::string name, Scopes scopes);

  /// The caller that an Authorization header stands for, when its key is in memory already: no
  /// look-up, no coroutine.
  std::shared_ptr<const Caller> find_cached(std::string_view authorization) const;
  /// The same with a look-up. Fails with kMissingApiKey or kInvalidApiKey; an unknown name costs
  /// the same work as a wrong secret, so that answers don't tell which names exist.
  Task<std::shared_ptr<const Caller>> authenticate(std::string authorization);

  /// Of every key that was not revoked, what names it. Blocking.
  Result<std::vector<std::string>> names() const;

 private:
  struct DigestHash {
    std::size_t operator()(const crypto::Digest& digest) const noexcept;
  };
  void remember(const crypto::Digest& digest, std::shared_ptr<const Caller> caller);

  store::Database& db_;
  IdSource& ids_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<crypto::Digest, std::shared_ptr<const Caller>, DigestHash> known_;
};

}  // namespace flowsell::identity
