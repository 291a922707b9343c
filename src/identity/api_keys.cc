#include "identity/api_keys.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/encoding.h"
#include "identity/api_key.h"
#include "stored_ranges.h"

namespace flowsell::identity {
namespace {

using store::Param;
using store::Sql;

constexpr std::size_t kKnownMax = 10'000;
constexpr std::string_view kBearer = "Bearer ";
constexpr std::chrono::minutes kUseInterval{1};

const Sql kInsert(
    "INSERT INTO api_keys (id, workspace_id, mode, name, prefix, hash, scopes, created_at, "
    "created_by, expires_at, addresses, senders, per_second) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
#define KEY_COLUMNS                                                                      \
  "id, workspace_id, mode, name, prefix, hash, scopes, expires_at, addresses, senders, " \
  "per_second, created_at, created_by, revoked_at, last_used_at, last_used_address, replaced_by"
const Sql kByPrefix("SELECT " KEY_COLUMNS " FROM api_keys WHERE prefix = ?1");
const Sql kById("SELECT " KEY_COLUMNS " FROM api_keys WHERE workspace_id = ?1 AND id = ?2");
const Sql kList("SELECT " KEY_COLUMNS " FROM api_keys WHERE workspace_id = ?1 ORDER BY id DESC");
#undef KEY_COLUMNS
// One that was rotated goes on for its overlap, beside the one in its place.
#define ALIVE                                                                                \
  "FROM api_keys WHERE workspace_id = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR " \
  "expires_at > ?2)"
const Sql kCount("SELECT COUNT(*) " ALIVE " AND replaced_by IS NULL");
const Sql kCountReplaced("SELECT COUNT(*) " ALIVE " AND replaced_by IS NOT NULL");
#undef ALIVE
const Sql kDropDead("DELETE FROM api_keys WHERE revoked_at < ?1 OR expires_at < ?1");
const Sql kDropMostDead(
    "DELETE FROM api_keys WHERE workspace_id = ?1 AND id IN (SELECT id FROM api_keys WHERE "
    "workspace_id = ?1 AND (revoked_at IS NOT NULL OR expires_at <= ?2) ORDER BY id DESC LIMIT "
    "100000 OFFSET ?3)");
const Sql kNames("SELECT prefix FROM api_keys WHERE revoked_at IS NULL");
const Sql kRevoke(
    "UPDATE api_keys SET revoked_at = ?3 WHERE workspace_id = ?1 AND id = ?2 AND revoked_at IS "
    "NULL");
const Sql kReplace(
    "UPDATE api_keys SET replaced_by = ?3, expires_at = CASE WHEN expires_at < ?4 THEN expires_at "
    "ELSE ?4 END WHERE workspace_id = ?1 AND id = ?2");
const Sql kUse(
    "UPDATE api_keys SET last_used_at = ?2, last_used_address = ?3 WHERE id = ?1 AND "
    "coalesce(last_used_at, 0) < ?2");

struct CreateOp final : store::WriteOp {
  CreateOp();
  ApiKey key;
  Result<> apply(store::Connection& db) const { return insert_key(db, key); }
};
constexpr store::WriteKind kCreateKind{"api_key", 3, store::apply_each<CreateOp>};
CreateOp::CreateOp() : WriteOp(kCreateKind) {}

struct UseOp final : store::WriteOp {
  UseOp(const ApiKeyId& k, Time t, std::string a);
  ApiKeyId key;
  Time at;
  std::string address;
  Result<> apply(store::Connection& db) const { return db.write(kUse, {key, at, address}); }
};
constexpr store::WriteKind kUseKind{"api_key_use", 7, store::apply_each<UseOp>};
UseOp::UseOp(const ApiKeyId& k, Time t, std::string a)
    : WriteOp(kUseKind), key(k), at(t), address(std::move(a)) {}

std::string blob_of(const std::vector<SenderId>& senders) {
  std::string out;
  for (const SenderId& sender : senders) out += sender.blob();
  return out;
}

std::vector<SenderId> senders_of(std::string_view blob) {
  constexpr std::size_t kSize = std::tuple_size_v<IdBytes>;
  std::vector<SenderId> senders;
  for (; blob.size() >= kSize; blob.remove_prefix(kSize))
    senders.push_back(SenderId::from_blob(blob.substr(0, kSize)));
  return senders;
}

ApiKey key_of(const store::Row& row) {
  ApiKey key;
  key.id = row.id<ApiKeyId>(0);
  key.workspace = row.id<WorkspaceId>(1);
  key.mode = static_cast<Mode>(row.integer(2));
  key.name = row.text(3);
  key.prefix = row.text(4);
  if (const auto hash = row.text(5); hash.size() == key.hash.size())
    std::memcpy(key.hash.data(), hash.data(), hash.size());
  key.scopes = Scopes::parse(row.text(6)).value_or(Scopes());
  key.rules = {row.optional_time(7), ranges_of(row.text(8)), senders_of(row.text(9)),
               row.integer(10)};
  key.created_at = row.time(11);
  key.created_by = row.text(12);
  key.revoked_at = row.optional_time(13);
  key.last_used_at = row.optional_time(14);
  key.last_used_address = row.text(15);
  key.replaced_by = row.id<ApiKeyId>(16);
  return key;
}

Result<std::optional<ApiKey>> find_one(store::Connection& db, const Sql& sql,
                                       store::Params params) {
  std::optional<ApiKey> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = key_of(row); }));
  return found;
}

std::string_view bearer(std::string_view authorization) noexcept {
  if (authorization.size() <= kBearer.size() ||
      !equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer)) {
    return {};
  }
  return authorization.substr(kBearer.size());
}

}  // namespace

std::string_view key_name(std::string_view authorization) noexcept {
  return bearer(authorization).substr(0, ApiKeyText::kPrefixLength);
}

Result<std::string_view> checked_key_name(std::string_view authorization) {
  const std::string_view text = bearer(authorization);
  if (text.empty())
    return fail(ErrorCode::kMissingApiKey, "the Authorization header holds no Bearer key");
  const auto parsed = ApiKeyText::parse(text);
  if (!parsed) {
    return fail(ErrorCode::kInvalidApiKey,
                "the key's form or checksum is wrong: it was not copied whole");
  }
  return parsed->prefix;
}

std::size_t ApiKeys::DigestHash::operator()(const crypto::Digest& digest) const noexcept {
  std::size_t head = 0;
  std::memcpy(&head, digest.data(), sizeof head);
  return head;
}

ApiKeys::ApiKeys(store::Database& db, IdSource& ids, const Clock& clock)
    : db_(db), ids_(ids), clock_(clock) {}

Result<> insert_key(store::Connection& db, const ApiKey& key) {
  return db.write(kInsert, {key.id, key.workspace, static_cast<int>(key.mode), key.name, key.prefix,
                            Param::blob(as_text(key.hash)), key.scopes.str(), key.created_at,
                            key.created_by, key.rules.expires_at, text_of(key.rules.addresses),
                            Param::blob(blob_of(key.rules.senders)), key.rules.per_second});
}

Result<std::optional<ApiKey>> find_key(store::Connection& db, const WorkspaceId& workspace,
                                       const ApiKeyId& id) {
  return find_one(db, kById, {workspace, id});
}

Result<std::optional<ApiKey>> find_key_named(store::Connection& db, std::string_view prefix) {
  return find_one(db, kByPrefix, {prefix});
}

Result<std::vector<ApiKey>> list_keys(store::Connection& db, const WorkspaceId& workspace) {
  std::vector<ApiKey> keys;
  CHECK_OK(db.query(kList, {workspace},
                    [&keys](const store::Row& row) { keys.push_back(key_of(row)); }));
  return keys;
}

Result<std::size_t> count_keys(store::Connection& db, const WorkspaceId& workspace, KeyState state,
                               Time now) {
  std::int64_t count = 0;
  const Sql& sql = state == KeyState::kReplaced ? kCountReplaced : kCount;
  CHECK_OK(
      db.query(sql, {workspace, now}, [&count](const store::Row& row) { count = row.integer(0); }));
  return static_cast<std::size_t>(count);
}

Result<> drop_most_dead_keys(store::Connection& db, const WorkspaceId& workspace, std::int64_t kept,
                             Time now) {
  return db.write(kDropMostDead, {workspace, now, kept});
}

Result<std::int64_t> drop_dead_keys(store::Connection& db, Time ended_before) {
  return db.run(kDropDead, {ended_before});
}

Result<bool> revoke_key(store::Connection& db, const WorkspaceId& workspace, const ApiKeyId& id,
                        Time now) {
  TRY(const auto changed, db.run(kRevoke, {workspace, id, now}));
  return changed == 1;
}

Result<> replace_key(store::Connection& db, const WorkspaceId& workspace, const ApiKeyId& id,
                     const ApiKeyId& by, Time expires_at) {
  return db.write(kReplace, {workspace, id, by, expires_at});
}

Result<ApiKeys::Created> ApiKeys::create(WorkspaceId workspace, Mode mode, std::string name,
                                         Scopes scopes) {
  Created created{ids_.next<IdKind::kApiKey>(), ApiKeyText::make(mode)};
  CreateOp op;
  op.key.id = created.id;
  op.key.workspace = workspace;
  op.key.mode = mode;
  op.key.name = std::move(name);
  op.key.prefix = ApiKeyText::parse(created.key.reveal())->prefix;
  op.key.scopes = scopes;
  op.key.hash = crypto::sha256(created.key.reveal());
  op.key.created_at = clock_.now();
  CHECK_OK(db_.commit_now(op));
  return created;
}

ApiKeys::KnownKeyPtr ApiKeys::find_cached(std::string_view authorization) const {
  const auto digest = crypto::sha256(bearer(authorization));
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(digest);
  return found == known_.end() ? nullptr : found->second;
}

Task<ApiKeys::KnownKeyPtr> ApiKeys::authenticate(std::string authorization) {
  CO_TRY(const std::string_view name, checked_key_name(authorization));
  std::uint64_t read_at = 0;
  {
    const std::shared_lock lock(mutex_);
    read_at = changes_;
  }
  auto read = [prefix = std::string(name)](store::Connection& db) {
    return find_key_named(db, prefix);
  };
  CO_TRY(const auto stored, co_await db_.read(std::move(read)));
  const auto digest = crypto::sha256(bearer(authorization));
  // All zero where there is no such key: no SHA-256 of a key compares equal.
  const crypto::Digest hash = stored && !stored->revoked_at ? stored->hash : crypto::Digest{};
  if (!crypto::constant_time_equal(as_text(digest), as_text(hash)))
    co_return fail(ErrorCode::kInvalidApiKey, "no such key, or it was revoked");
  auto key = std::make_shared<KnownKey>();
  key->caller = {stored->workspace, stored->id, stored->mode, stored->scopes & Scopes::of_keys()};
  key->rules = stored->rules;
  if (!key->rules.senders.empty()) key->caller.senders = &key->rules.senders;
  remember(digest, key, read_at);
  co_return key;
}

void ApiKeys::forget(const ApiKeyId& key) {
  const std::unique_lock lock(mutex_);
  ++changes_;
  std::erase_if(known_, [&key](const auto& known) { return known.second->caller.key == key; });
}

void ApiKeys::note_use(const KnownKey& key, std::string_view address, Time now) {
  const std::int64_t at = to_unix_ms(now);
  const std::int64_t interval = std::chrono::milliseconds(kUseInterval).count();
  auto noted = key.used_at.load(std::memory_order_relaxed);
  if (at - noted < interval) return;
  if (!key.used_at.compare_exchange_strong(noted, at, std::memory_order_relaxed)) return;
  const std::lock_guard lock(uses_mutex_);
  uses_[key.caller.key] = {now, std::string(address)};
}

std::unordered_map<ApiKeyId, ApiKeys::Use> ApiKeys::take_uses() {
  const std::lock_guard lock(uses_mutex_);
  return std::exchange(uses_, {});
}

// One that fails is lost: the key's next use is noted again.

Task<> ApiKeys::store_uses() {
  for (auto& [key, use] : take_uses()) {
    UseOp op(key, use.at, std::move(use.address));
    CO_CHECK_OK(co_await db_.commit(op));
  }
  co_return Result<>{};
}

Result<> ApiKeys::store_uses_now() {
  for (auto& [key, use] : take_uses()) {
    UseOp op(key, use.at, std::move(use.address));
    CHECK_OK(db_.commit_now(op));
  }
  return {};
}

Result<std::vector<std::string>> ApiKeys::names() const {
  std::vector<std::string> names;
  Result<> read;
  CHECK_OK(db_.read_now([&](store::Connection& db) {
    read =
        db.query(kNames, {}, [&names](const store::Row& row) { names.emplace_back(row.text(0)); });
  }));
  CHECK_OK(std::move(read));
  return names;
}

/// What was read before the last forget() may be what that was about.
void ApiKeys::remember(const crypto::Digest& digest, KnownKeyPtr key, std::uint64_t read_at) {
  const std::unique_lock lock(mutex_);
  if (changes_ != read_at) return;
  if (known_.size() >= kKnownMax) known_.clear();  // they come back with their next call
  known_[digest] = std::move(key);
}

}  // namespace flowsell::identity
