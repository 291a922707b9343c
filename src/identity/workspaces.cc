#include "identity/workspaces.h"

#include <array>

#include "identity/caller.h"
#include "store/change.h"

namespace flowsell::identity {
namespace {

using store::Param;
using store::Sql;

constexpr std::array kMigrations = {store::Migration{1, "workspaces and API keys", R"sql(
CREATE TABLE workspaces (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE api_keys (
  id BLOB NOT NULL PRIMARY KEY,
  workspace_id BLOB NOT NULL,
  mode INTEGER NOT NULL,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL UNIQUE,
  hash BLOB NOT NULL,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
)sql"},
                                    store::Migration{2, "API keys have rules", R"sql(
ALTER TABLE api_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN expires_at INTEGER;
ALTER TABLE api_keys ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN senders BLOB NOT NULL DEFAULT x'';
ALTER TABLE api_keys ADD COLUMN per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;
ALTER TABLE api_keys ADD COLUMN last_used_address TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN replaced_by BLOB;
CREATE INDEX api_keys_of_workspace ON api_keys (workspace_id, id);
)sql",
                                                     R"sql(
ALTER TABLE api_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT;
ALTER TABLE api_keys ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN senders BYTEA NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN per_second BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT;
ALTER TABLE api_keys ADD COLUMN last_used_address TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN replaced_by BYTEA;
CREATE INDEX api_keys_of_workspace ON api_keys (workspace_id, id);
)sql"},
                                    store::Migration{3, "settings of workspaces", R"sql(
CREATE TABLE workspace_settings (
  workspace_id BLOB NOT NULL PRIMARY KEY,
  revision INTEGER NOT NULL,
  time_zone TEXT NOT NULL,
  live_sender BLOB,
  test_sender BLOB,
  records_days INTEGER,
  content_hours INTEGER,
  ip_allow_list TEXT NOT NULL,
  sso_required INTEGER NOT NULL,
  support_needs_approval INTEGER NOT NULL,
  consent_required INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"}};

const Sql kInsert(
    "INSERT INTO workspaces (id, name, wrapped_key, created_at) VALUES (?1, ?2, ?3, ?4)");
const Sql kName("SELECT name FROM workspaces WHERE id = ?1");
const Sql kIds("SELECT id FROM workspaces ORDER BY id");
const Sql kKeys("SELECT id, wrapped_key FROM workspaces WHERE length(wrapped_key) > 0");
const Sql kDestroy("UPDATE workspaces SET name = '', wrapped_key = ?2 WHERE id = ?1");
const Sql kRewrap("UPDATE workspaces SET wrapped_key = ?2 WHERE id = ?1");

constexpr store::WriteKind kRewrapKind{"workspace_rewrap", 2, store::apply_each<store::Change>};

struct CreateOp final : store::WriteOp {
  CreateOp(const WorkspaceId& w, std::string n, const crypto::KeyRing& ring, Time t);
  WorkspaceId id;
  std::string name;
  std::string wrapped;
  Time now;
};

Result<> apply_creates(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<CreateOp>(each);
    CHECK_OK(db.write(kInsert, {op.id, op.name, Param::blob(op.wrapped), op.now}));
  }
  return {};
}
constexpr store::WriteKind kCreateKind{"workspace", 2, apply_creates};
CreateOp::CreateOp(const WorkspaceId& w, std::string n, const crypto::KeyRing& ring, Time t)
    : WriteOp(kCreateKind),
      id(w),
      name(std::move(n)),
      wrapped(ring.wrap_new_key(w.blob())),
      now(t) {}

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

Workspaces::Workspaces(store::Database& db, const crypto::KeyRing& ring, IdSource& ids,
                       const Clock& clock, const crypto::KeyRing* former)
    : db_(db), ring_(ring), former_(former), ids_(ids), clock_(clock) {}

void Workspaces::remember(const WorkspaceId& workspace, std::string wrapped) {
  const std::lock_guard lock(mutex_);
  wrapped_[workspace] = std::move(wrapped);
}

Result<WorkspaceId> Workspaces::create(std::string name) {
  CreateOp op(ids_.next<IdKind::kWorkspace>(), std::move(name), ring_, clock_.now());
  CHECK_OK(db_.commit_now(op));
  remember(op.id, op.wrapped);
  return op.id;
}

Task<> Workspaces::make(WorkspaceId id, std::string name) {
  CreateOp op(id, std::move(name), ring_, clock_.now());
  CO_CHECK_OK(co_await db_.commit(op));
  remember(op.id, op.wrapped);
  co_return Result<>{};
}

Task<std::string> Workspaces::name_of(WorkspaceId workspace) const {
  auto read = [workspace](store::Connection& db) -> Result<std::optional<std::string>> {
    std::optional<std::string> name;
    CHECK_OK(db.query(kName, {workspace}, [&](const store::Row& row) { name = row.text(0); }));
    return name;
  };
  CO_TRY(auto name, co_await db_.read(std::move(read)));
  if (!name) co_return fail(ErrorCode::kNotFound, "there is no such workspace");
  co_return *std::move(name);
}

Result<std::vector<WorkspaceId>> Workspaces::list() const {
  Result<> read;
  std::vector<WorkspaceId> ids;
  CHECK_OK(db_.read_now([&](store::Connection& db) {
    read =
        db.query(kIds, {}, [&](const store::Row& row) { ids.push_back(row.id<WorkspaceId>(0)); });
  }));
  CHECK_OK(std::move(read));
  return ids;
}

Result<> Workspaces::destroy(store::Connection& db, const WorkspaceId& workspace) {
  return db.write(kDestroy, {workspace, Param::blob({})});
}

void Workspaces::forget(const WorkspaceId& workspace) {
  const std::lock_guard lock(mutex_);
  wrapped_.erase(workspace);
}

Result<> Workspaces::load_keys() {
  Result<> read;
  std::unordered_map<WorkspaceId, std::string> wrapped;
  CHECK_OK(db_.read_now([&](store::Connection& db) {
    read = db.query(kKeys, {}, [&](const store::Row& row) {
      wrapped.emplace(row.id<WorkspaceId>(0), std::string(row.text(1)));
    });
  }));
  CHECK_OK(std::move(read));
  if (former_ != nullptr) CHECK_OK(rewrap(wrapped));
  const std::lock_guard lock(mutex_);
  wrapped_ = std::move(wrapped);
  return {};
}

Result<> Workspaces::rewrap(std::unordered_map<WorkspaceId, std::string>& wrapped) {
  std::vector<WorkspaceId> changed;
  for (auto& [id, text] : wrapped) {
    if (ring_.unwrap(id.blob(), text)) continue;
    TRY(const crypto::Key key, former_->unwrap(id.blob(), text));
    text = ring_.wrap(id.blob(), key);
    changed.push_back(id);
  }
  if (changed.empty()) return {};
  return store::change_now(db_, kRewrapKind, [&](store::Connection& db) -> Result<> {
    for (const WorkspaceId& id : changed)
      CHECK_OK(db.write(kRewrap, {id, Param::blob(wrapped.at(id))}));
    return {};
  });
}

Result<crypto::Key> Workspaces::key_of(const WorkspaceId& workspace) {
  std::string wrapped;
  {
    const std::lock_guard lock(mutex_);
    const auto found = wrapped_.find(workspace);
    if (found == wrapped_.end()) return fail(ErrorCode::kNotFound, "the workspace has no key");
    wrapped = found->second;
  }
  return ring_.unwrap(workspace.blob(), wrapped);
}

Result<std::string> Workspaces::seal(const WorkspaceId& workspace, std::string_view bound_to,
                                     const Secret& secret) {
  TRY(const crypto::Key key, key_of(workspace));
  return crypto::seal(key, bound_to, secret.reveal());
}

Result<Secret> Workspaces::unseal(const WorkspaceId& workspace, std::string_view bound_to,
                                  std::string_view sealed) {
  TRY(const crypto::Key key, key_of(workspace));
  TRY(auto text, crypto::open(key, bound_to, sealed));
  return Secret(std::move(text));
}

}  // namespace flowsell::identity
