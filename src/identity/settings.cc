#include "identity/settings.h"

#include <algorithm>
#include <mutex>

#include "store/change.h"
#include "stored_ranges.h"

namespace flowsell::identity {
namespace {

using store::Param;
using store::Sql;

#define SETTINGS_COLUMNS                                                              \
  "time_zone, live_sender, test_sender, records_days, content_hours, ip_allow_list, " \
  "sso_required, support_needs_approval, consent_required, revision"
const Sql kFind("SELECT name, " SETTINGS_COLUMNS
                " FROM workspaces LEFT JOIN workspace_settings ON workspace_id = id "
                "WHERE id = ?1");
const Sql kAll("SELECT workspace_id, " SETTINGS_COLUMNS " FROM workspace_settings");
const Sql kStore("INSERT INTO workspace_settings (workspace_id, " SETTINGS_COLUMNS
                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
                 "ON CONFLICT (workspace_id) DO UPDATE SET time_zone = excluded.time_zone, "
                 "live_sender = excluded.live_sender, test_sender = excluded.test_sender, "
                 "records_days = excluded.records_days, content_hours = excluded.content_hours, "
                 "ip_allow_list = excluded.ip_allow_list, sso_required = excluded.sso_required, "
                 "support_needs_approval = excluded.support_needs_approval, "
                 "consent_required = excluded.consent_required, revision = excluded.revision");
#undef SETTINGS_COLUMNS
// Not where it was destroyed: its name stays away.
const Sql kRename("UPDATE workspaces SET name = ?2 WHERE id = ?1 AND length(wrapped_key) > 0");

/// Behind the row's first column; one without settings of its own has the defaults.
StoredWorkspace stored_of(const store::Row& row) {
  StoredWorkspace stored;
  if (row.is_null(1)) return stored;
  WorkspaceSettings& settings = stored.settings;
  settings.time_zone = row.text(1);
  settings.live_sender = row.id<SenderId>(2);
  settings.test_sender = row.id<SenderId>(3);
  settings.records_days = row.optional_integer(4);
  settings.content_hours = row.optional_integer(5);
  settings.ip_allow_list = ranges_of(row.text(6));
  settings.sso_required = row.integer(7) != 0;
  settings.support_needs_approval = row.integer(8) != 0;
  settings.consent_required_for_marketing = row.integer(9) != 0;
  stored.revision = row.integer(10);
  return stored;
}

const SettingsPtr& defaults() {
  static const SettingsPtr kDefaults = std::make_shared<const WorkspaceSettings>();
  return kDefaults;
}

}  // namespace

Result<std::optional<StoredWorkspace>> find_workspace(store::Connection& db,
                                                      const WorkspaceId& workspace) {
  std::optional<StoredWorkspace> found;
  CHECK_OK(db.query(kFind, {workspace}, [&found](const store::Row& row) {
    found = stored_of(row);
    found->name = row.text(0);
  }));
  return found;
}

Result<> store_workspace(store::Connection& db, const WorkspaceId& workspace,
                         const StoredWorkspace& stored) {
  const WorkspaceSettings& s = stored.settings;
  CHECK_OK(db.write(kRename, {workspace, stored.name}));
  return db.write(kStore, {workspace, s.time_zone, Param::id_or_null(s.live_sender),
                           Param::id_or_null(s.test_sender), s.records_days, s.content_hours,
                           text_of(s.ip_allow_list), s.sso_required, s.support_needs_approval,
                           s.consent_required_for_marketing, stored.revision});
}

Result<> SettingsMemory::load(store::Database& db) {
  std::vector<std::pair<WorkspaceId, StoredWorkspace>> all;
  CHECK_OK(store::read_now(db, [&all](store::Connection& connection) {
    return connection.query(kAll, {}, [&all](const store::Row& row) {
      all.emplace_back(row.id<WorkspaceId>(0), stored_of(row));
    });
  }));
  for (const auto& [workspace, stored] : all) put(workspace, stored);
  return {};
}

SettingsPtr SettingsMemory::of(const WorkspaceId& workspace) const {
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(workspace);
  return found == known_.end() ? defaults() : found->second.settings;
}

bool SettingsMemory::takes(const WorkspaceId& workspace, std::string_view address) const {
  if (lists_.load(std::memory_order_relaxed) == 0) return true;
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(workspace);
  if (found == known_.end() || found->second.settings->ip_allow_list.empty()) return true;
  return is_in(found->second.settings->ip_allow_list, address);
}

bool SettingsMemory::requires_consent(const WorkspaceId& workspace) const {
  return consents_.load(std::memory_order_relaxed) != 0 &&
         of(workspace)->consent_required_for_marketing;
}

std::vector<std::pair<WorkspaceId, SettingsPtr>> SettingsMemory::with_windows() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::pair<WorkspaceId, SettingsPtr>> all;
  for (const auto& [workspace, known] : known_) {
    if (known.settings->records_days || known.settings->content_hours)
      all.emplace_back(workspace, known.settings);
  }
  return all;
}

std::chrono::hours SettingsMemory::content_window(const WorkspaceId& workspace,
                                                  std::chrono::hours server) const {
  const auto wanted = of(workspace)->content_hours;
  return wanted ? std::min(server, std::chrono::hours(*wanted)) : server;
}

void SettingsMemory::put(const WorkspaceId& workspace, const StoredWorkspace& stored) {
  auto settings = std::make_shared<const WorkspaceSettings>(stored.settings);
  const std::unique_lock lock(mutex_);
  Known& known = known_[workspace];
  if (known.settings && stored.revision <= known.revision) return;
  if (known.settings) {
    lists_ -= known.settings->ip_allow_list.empty() ? 0 : 1;
    consents_ -= known.settings->consent_required_for_marketing ? 1 : 0;
  }
  lists_ += settings->ip_allow_list.empty() ? 0 : 1;
  consents_ += settings->consent_required_for_marketing ? 1 : 0;
  known = {std::move(settings), stored.revision};
}

}  // namespace flowsell::identity
