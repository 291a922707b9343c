#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/id.h"
#include "core/ip_range.h"
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

/// What bounds a key beside its scopes.
struct KeyRules {
  std::optional<Time> expires_at;  ///< nullopt: when it is revoked
  std::vector<IpRange> addresses;  ///< where it may be used from; empty: everywhere
  std::vector<SenderId> senders;   ///< what it may send from; empty: all of its mode
  std::int64_t per_second = 0;     ///< requests a second; 0: as the server's settings say
};

/// A key that was recognised. Thread-safe.
struct KnownKey {
  Caller caller;
  KeyRules rules;

  bool is_over(Time now) const noexcept { return rules.expires_at && *rules.expires_at <= now; }
  bool takes(std::string_view address) const {
    return rules.addresses.empty() || is_in(rules.addresses, address);
  }
  /// When its use was last noted, in ms since 1970: to the minute.
  mutable std::atomic<std::int64_t> used_at{0};
};

/// A key as it is stored and shown: without its secret.
struct ApiKey {
  ApiKeyId id;
  WorkspaceId workspace;
  Mode mode = Mode::kTest;
  std::string name;
  std::string prefix;
  crypto::Digest hash{};
  Scopes scopes;
  KeyRules rules;
  Time created_at{};
  std::string created_by;  ///< the id of the user or operator; empty: the server itself
  std::optional<Time> revoked_at = {};
  std::optional<Time> last_used_at = {};
  std::string last_used_address = {};
  ApiKeyId replaced_by = {};  ///< none: it was not rotated
};

// The rows, inside of an operation of the room that changes them.
Result<> insert_key(store::Connection& db, const ApiKey& key);
Result<std::optional<ApiKey>> find_key(store::Connection& db, const WorkspaceId& workspace,
                                       const ApiKeyId& id);
/// By what names it; a revoked one too.
Result<std::optional<ApiKey>> find_key_named(store::Connection& db, std::string_view prefix);
/// Newest first, revoked ones too.
Result<std::vector<ApiKey>> list_keys(store::Connection& db, const WorkspaceId& workspace);
enum class KeyState : std::uint8_t {
  kCurrent,   ///< works, and was not rotated
  kReplaced,  ///< was rotated, and works for the rest of its overlap
};
Result<std::size_t> count_keys(store::Connection& db, const WorkspaceId& workspace, KeyState state,
                               Time now);
/// Of those that work no more the newest are kept ...
Result<> drop_most_dead_keys(store::Connection& db, const WorkspaceId& workspace, std::int64_t kept,
                             Time now);
/// ... and nobody has those that have ended before that time. How many went.
Result<std::int64_t> drop_dead_keys(store::Connection& db, Time ended_before);
/// False: it was revoked already, or there is none.
Result<bool> revoke_key(store::Connection& db, const WorkspaceId& workspace, const ApiKeyId& id,
                        Time now);
/// A key that was rotated: it ends at `expires_at`, or when it did before, whichever comes first.
Result<> replace_key(store::Connection& db, const WorkspaceId& workspace, const ApiKeyId& id,
                     const ApiKeyId& by, Time expires_at);

/// Recognises API keys: stored as prefix and SHA-256, shown once. Thread-safe.
class ApiKeys {
 public:
  ApiKeys(store::Database& db, IdSource& ids, const Clock& clock);

  struct Created {
    ApiKeyId id;
    Secret key;
  };
  /// Blocking: for start-up and tools.
  Result<Created> create(WorkspaceId workspace, Mode mode, std::string name, Scopes scopes);

  using KnownKeyPtr = std::shared_ptr<const KnownKey>;
  /// What an Authorization header stands for, when its key is in memory already: no look-up, no
  /// coroutine. Its rules are the caller's to ask.
  KnownKeyPtr find_cached(std::string_view authorization) const;
  /// The same with a look-up. Fails with kMissingApiKey or kInvalidApiKey; an unknown name costs
  /// the same work as a wrong secret, so that answers don't tell which names exist.
  Task<KnownKeyPtr> authenticate(std::string authorization);

  /// To be called once a change of the key has been committed: what memory has of it is not used
  /// again, not even by who is just reading it.
  void forget(const ApiKeyId& key);

  /// Notes that the key was used, once a minute at most; stored by store_uses().
  void note_use(const KnownKey& key, std::string_view address, Time now);
  /// Stores what was noted.
  Task<> store_uses();
  /// The same, blocking: for the end.
  Result<> store_uses_now();

  /// Of every key that was not revoked, what names it. Blocking.
  Result<std::vector<std::string>> names() const;

 private:
  struct DigestHash {
    std::size_t operator()(const crypto::Digest& digest) const noexcept;
  };
  struct Use {
    Time at;
    std::string address;
  };
  std::unordered_map<ApiKeyId, Use> take_uses();
  void remember(const crypto::Digest& digest, KnownKeyPtr key, std::uint64_t read_at);

  store::Database& db_;
  IdSource& ids_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<crypto::Digest, KnownKeyPtr, DigestHash> known_;
  std::uint64_t changes_ = 0;  ///< how often forget() was called
  std::mutex uses_mutex_;
  std::unordered_map<ApiKeyId, Use> uses_;
};

}  // namespace flowsell::identity
