#include "identity/api_keys.h"

#include <cstring>
#include <mutex>

#include "core/encoding.h"
#include "identity/api_key.h"

namespace flowsell::identity {
namespace {

using store::Param;
using store::Sql;

constexpr std::size_t kKnownMax = 10'000;
constexpr std::string_view kBearer = "Bearer ";

const Sql kInsert(
    "INSERT INTO api_keys (id, workspace_id, mode, name, prefix, hash, scopes, created_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const Sql kByPrefix(
    "SELECT id, workspace_id, mode, hash, scopes FROM api_keys WHERE prefix = ?1 AND revoked_at IS "
    "NULL");

const Sql kNames("SELECT prefix FROM api_keys WHERE revoked_at IS NULL");

struct CreateOp final : store::WriteOp {
  CreateOp();
  ApiKeyId id;
  WorkspaceId workspace;
  Mode mode = Mode::kTest;
  std::string name, prefix, scopes;
  crypto::Digest hash{};
  Time now;
};

Result<> apply_creates(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<CreateOp>(each);
    CHECK_OK(db.write(kInsert, {op.id, op.workspace, static_cast<int>(op.mode), op.name, op.prefix,
                                Param::blob(as_text(op.hash)), op.scopes, op.now}));
  }
  return {};
}
constexpr store::WriteKind kCreateKind{"api_key", 3, apply_creates};
CreateOp::CreateOp() : WriteOp(kCreateKind) {}

std::string_view bearer(std::string_view authorization) noexcept {
  if (authorization.size() <= kBearer.size() ||
      !equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer)) {
    return {};
  }
  return authorization.substr(kBearer.size());
}

/// What the table has under a key's prefix.
struct Stored {
  Caller caller;
  crypto::Digest
      hash{};  ///< all zero when there is no such key: no SHA-256 of a key compares equal
};

Result<Stored> look_up(store::Connection& db, std::string_view prefix) {
  Stored stored;
  CHECK_OK(db.query(kByPrefix, {prefix}, [&stored](const store::Row& row) {
    stored.caller = {row.id<WorkspaceId>(1), row.id<ApiKeyId>(0), static_cast<Mode>(row.integer(2)),
                     Scopes::parse(row.text(4)).value_or(Scopes())};
    const auto hash = row.text(3);
    if (hash.size() == stored.hash.size())
      std::memcpy(stored.hash.data(), hash.data(), hash.size());
  }));
  return stored;
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

Result<ApiKeys::Created> ApiKeys::create(WorkspaceId workspace, Mode mode, std::string name,
                                         Scopes scopes) {
  Created created{ids_.next<IdKind::kApiKey>(), ApiKeyText::make(mode)};
  CreateOp op;
  op.id = created.id;
  op.workspace = workspace;
  op.mode = mode;
  op.name = std::move(name);
  op.prefix = ApiKeyText::parse(created.key.reveal())->prefix;
  op.scopes = scopes.str();
  op.hash = crypto::sha256(created.key.reveal());
  op.now = clock_.now();
  CHECK_OK(db_.commit_now(op));
  return created;
}

std::shared_ptr<const Caller> ApiKeys::find_cached(std::string_view authorization) const {
  const auto digest = crypto::sha256(bearer(authorization));
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(digest);
  return found == known_.end() ? nullptr : found->second;
}

Task<std::shared_ptr<const Caller>> ApiKeys::authenticate(std::string authorization) {
  CO_TRY(const std::string_view name, checked_key_name(authorization));
  auto read = [prefix = std::string(name)](store::Connection& db) { return look_up(db, prefix); };
  CO_TRY(const Stored stored, co_await db_.read(std::move(read)));
  const auto digest = crypto::sha256(bearer(authorization));
  if (!crypto::constant_time_equal(as_text(digest), as_text(stored.hash))) {
    co_return fail(ErrorCode::kInvalidApiKey, "no such key, or it was revoked");
  }
  auto caller = std::make_shared<const Caller>(stored.caller);
  remember(digest, caller);
  co_return caller;
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

void ApiKeys::remember(const crypto::Digest& digest, std::shared_ptr<const Caller> caller) {
  const std::unique_lock lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();  // they come back with their next call
  known_[digest] = std::move(caller);
}

}  // namespace flowsell::identity
