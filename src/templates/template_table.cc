#include "template_table.h"

#include <algorithm>

#include "store/page.h"

namespace flowsell::templates {
namespace {

using store::Sql;

#define TEMPLATE_COLUMNS                                                                   \
  "id, workspace_id, connection_id, mode, provider_id, name, language, category, status, " \
  "rejected_reason, quality, is_named, components, ttl_seconds, version, known, "          \
  "told_at, created_at, updated_at, deleted_at"
const Sql kFind("SELECT " TEMPLATE_COLUMNS " FROM templates WHERE workspace_id = ?1 AND id = ?2");
const Sql kFindByProvider("SELECT " TEMPLATE_COLUMNS
                          " FROM templates WHERE workspace_id = ?1 AND connection_id = ?2 AND "
                          "provider_id = ?3");
const Sql kFindByName("SELECT " TEMPLATE_COLUMNS
                      " FROM templates WHERE workspace_id = ?1 AND connection_id = ?2 AND name = "
                      "?3 AND language = ?4 AND deleted_at IS NULL");
const Sql kFindVanished("SELECT " TEMPLATE_COLUMNS
                        " FROM templates WHERE workspace_id = ?1 AND connection_id = ?2 AND "
                        "seen_at < ?3 AND deleted_at IS NULL ORDER BY id");
// The inner query bounds the work of a page whose filters match little.
#define TEMPLATE_PAGE(order)                                                                  \
  "SELECT " TEMPLATE_COLUMNS                                                                  \
  " FROM (SELECT * FROM templates WHERE workspace_id = ?1 AND id < ?2 AND id > ?3 ORDER BY "  \
  "id " order                                                                                 \
  " LIMIT ?5) AS scanned WHERE mode = ?6 AND (connection_id = ?7 OR ?7 IS NULL) AND (name = " \
  "?8 OR ?8 IS NULL) AND (language = ?9 OR ?9 IS NULL) AND (status = ?10 OR (?10 IS NULL "    \
  "AND deleted_at IS NULL)) AND (category = ?11 OR ?11 IS NULL) ORDER BY id " order " LIMIT ?4"
const Sql kPageDown(TEMPLATE_PAGE("DESC"));
const Sql kPageUp(TEMPLATE_PAGE("ASC"));
#undef TEMPLATE_PAGE
#undef TEMPLATE_COLUMNS
const Sql kScanEndDown(FLOWSELL_SCAN_END("templates", "DESC"));
const Sql kScanEndUp(FLOWSELL_SCAN_END("templates", "ASC"));
constexpr store::ScanEnd kScanEnd{kScanEndDown, kScanEndUp};

const Sql kInsert(
    "INSERT INTO templates (workspace_id, id, connection_id, mode, provider_id, name, language, "
    "category, status, rejected_reason, quality, is_named, components, ttl_seconds, version, "
    "known, told_at, seen_at, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
    "?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?19)");
const Sql kUpdate(
    "UPDATE templates SET category = ?3, status = ?4, rejected_reason = ?5, quality = ?6, is_named "
    "= ?7, components = ?8, ttl_seconds = ?9, version = ?10, known = ?11, told_at = ?12, "
    "updated_at = ?13, deleted_at = ?14 WHERE workspace_id = ?1 AND id = ?2");
const Sql kTouch("UPDATE templates SET seen_at = ?3 WHERE workspace_id = ?1 AND id = ?2");
const Sql kReplace(
    "UPDATE templates SET status = 'deleted', deleted_at = ?6, updated_at = ?6 WHERE workspace_id "
    "= ?1 AND connection_id = ?2 AND name = ?3 AND language = ?4 AND provider_id <> ?5 AND "
    "deleted_at IS NULL");
const Sql kDelete(
    "UPDATE templates SET status = 'deleted', deleted_at = ?3, updated_at = ?3 WHERE workspace_id "
    "= ?1 AND id = ?2 AND deleted_at IS NULL");
const Sql kDoubt(
    "UPDATE templates SET known = 1 WHERE workspace_id = ?1 AND connection_id = ?2 AND provider_id "
    "= ?3 AND ?4 <> '' AND status <> ?4 AND known = 0");
const Sql kDeleteName(
    "UPDATE templates SET status = 'deleted', deleted_at = ?4, updated_at = ?4 WHERE workspace_id "
    "= ?1 AND connection_id = ?2 AND name = ?3 AND deleted_at IS NULL");
const Sql kDeleteVanished(
    "UPDATE templates SET status = 'deleted', deleted_at = ?4, updated_at = ?4 WHERE workspace_id "
    "= ?1 AND connection_id = ?2 AND seen_at < ?3 AND deleted_at IS NULL");
const Sql kInsertVersion(
    "INSERT INTO template_versions (workspace_id, template_id, number, category, status, "
    "rejected_reason, is_named, components, ttl_seconds, made_by, created_at) VALUES (?1, ?2, ?3, "
    "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
const Sql kUpdateVersion(
    "UPDATE template_versions SET category = ?4, status = ?5, rejected_reason = ?6, is_named = ?7, "
    "components = ?8, ttl_seconds = ?9 WHERE workspace_id = ?1 AND template_id = ?2 AND number = "
    "?3");
const Sql kVersions(
    "SELECT number, category, status, rejected_reason, is_named, components, ttl_seconds, made_by, "
    "created_at FROM template_versions WHERE workspace_id = ?1 AND template_id = ?2 ORDER BY "
    "number DESC");
const Sql kStoreSync(
    "INSERT INTO template_syncs (workspace_id, connection_id, synced_at, templates) VALUES (?1, "
    "?2, ?3, ?4) ON CONFLICT (workspace_id, connection_id) DO UPDATE SET synced_at = "
    "excluded.synced_at, templates = excluded.templates");
const Sql kFindSync(
    "SELECT synced_at, templates FROM template_syncs WHERE workspace_id = ?1 AND connection_id = "
    "?2");

Template template_of(const store::Row& row) {
  Template out;
  out.id = row.id<TemplateId>(0);
  out.workspace = row.id<WorkspaceId>(1);
  out.connection = row.id<ConnectionId>(2);
  out.mode = static_cast<identity::Mode>(row.integer(3));
  out.provider.provider_id = row.text(4);
  out.provider.name = row.text(5);
  out.provider.language = row.text(6);
  out.provider.category = row.text(7);
  out.provider.status = row.text(8);
  out.provider.rejected_reason = row.text(9);
  out.provider.quality = row.text(10);
  out.provider.is_named = row.integer(11) != 0;
  out.provider.components_json = row.text(12);
  out.provider.ttl_seconds = row.optional_integer(13);
  out.version = row.integer(14);
  out.known = static_cast<Known>(row.integer(15));
  out.told_at = row.time(16);
  out.created_at = row.time(17);
  out.updated_at = row.time(18);
  out.deleted_at = row.optional_time(19);
  return out;
}

Result<std::optional<Template>> find_one(store::Connection& db, const Sql& sql,
                                         store::Params params) {
  std::optional<Template> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = template_of(row); }));
  return found;
}

Result<> insert_version(store::Connection& db, const Template& row, std::string_view by, Time now) {
  const auto& given = row.provider;
  return db.write(kInsertVersion, {row.workspace, row.id, row.version, given.category, given.status,
                                   given.rejected_reason, given.is_named, given.components_json,
                                   given.ttl_seconds, by, now});
}

Result<> insert_row(store::Connection& db, const Template& row, Time now) {
  const auto& given = row.provider;
  CHECK_OK(db.write(kReplace, {row.workspace, row.connection, given.name, given.language,
                               given.provider_id, now}));
  return db.write(kInsert, {row.workspace, row.id, row.connection, static_cast<int>(row.mode),
                            given.provider_id, given.name, given.language, given.category,
                            given.status, given.rejected_reason, given.quality, given.is_named,
                            given.components_json, given.ttl_seconds, row.version,
                            static_cast<int>(row.known), row.told_at, now, now});
}

/// The row, and the version that it is at.
Result<> update_row(store::Connection& db, const Template& row) {
  const auto& given = row.provider;
  CHECK_OK(db.write(
      kUpdate,
      {row.workspace, row.id, given.category, given.status, given.rejected_reason, given.quality,
       given.is_named, given.components_json, given.ttl_seconds, row.version,
       static_cast<int>(row.known), row.told_at, row.updated_at, row.deleted_at}));
  return db.write(kUpdateVersion, {row.workspace, row.id, row.version, given.category, given.status,
                                   given.rejected_reason, given.is_named, given.components_json,
                                   given.ttl_seconds});
}

bool is_new_design(const Template& row, const channel::ProviderTemplate& given) {
  return row.provider.components_json != given.components_json ||
         row.provider.is_named != given.is_named || row.provider.ttl_seconds != given.ttl_seconds;
}

bool is_same(const channel::ProviderTemplate& a, const channel::ProviderTemplate& b) {
  return a.category == b.category && a.status == b.status &&
         a.rejected_reason == b.rejected_reason && a.quality == b.quality;
}

Template fresh_row(const Account& account, const TemplateId& id) {
  Template row;
  row.id = id;
  row.workspace = account.workspace;
  row.connection = account.connection;
  row.mode = account.mode;
  return row;
}

Result<Stored> add_seen(store::Connection& db, const Account& account, const Seen& seen,
                        const TemplateId& fresh, Time now) {
  Template row = fresh_row(account, fresh);
  row.provider = seen.provider;
  row.known = seen.is_whole ? Known::kWhole : Known::kDrafted;
  row.told_at = seen.at;
  CHECK_OK(insert_row(db, row, now));
  CHECK_OK(insert_version(db, row, seen.by, now));
  return Stored{fresh, Change::kAdded};
}

/// What is known of a row once the provider has said `given`.
Known known_after(const Template& row, const Seen& seen, const channel::ProviderTemplate& given) {
  if (!seen.is_whole) return Known::kDrafted;
  // A webhook of the same second, or of a later one, may have been quicker than this answer.
  const bool is_doubtful = row.told_at > seen.at && row.known == Known::kOutdated;
  const bool differs = row.told_at == seen.at && row.provider.status != given.status;
  return is_doubtful || differs ? Known::kOutdated : Known::kWhole;
}

Result<Stored> change_seen(store::Connection& db, Template row, const Seen& seen, Time now) {
  channel::ProviderTemplate given = seen.provider;
  if (row.told_at > seen.at) {
    given.status = row.provider.status;
    given.rejected_reason = row.provider.rejected_reason;
  }
  const Known known = known_after(row, seen, given);
  const bool new_design = is_new_design(row, given);
  const bool is_changed = new_design || row.deleted_at || !is_same(row.provider, given);
  if (!is_changed && row.known == known) return Stored{row.id, Change::kNone};
  if (row.deleted_at) {
    CHECK_OK(db.write(kReplace, {row.workspace, row.connection, given.name, given.language,
                                 given.provider_id, now}));
  }
  // What we gave is replaced by what the provider made of it, without a new version.
  const bool needs_version =
      row.version == 0 || (new_design && (row.known != Known::kDrafted || !seen.by.empty()));
  SeenChange seen_change{row.id, row.provider, given, needs_version && seen.by.empty()};
  row.provider = std::move(given);
  row.deleted_at.reset();
  row.known = known;
  row.told_at = std::max(row.told_at, seen.at);
  if (is_changed || needs_version) row.updated_at = now;
  if (needs_version) ++row.version;
  CHECK_OK(update_row(db, row));
  if (needs_version) CHECK_OK(insert_version(db, row, seen.by, now));
  if (!is_changed) return Stored{row.id, Change::kNone};
  return Stored{row.id, Change::kChanged, std::move(seen_change)};
}

Result<> add_told(store::Connection& db, const Account& account, const channel::TemplateNews& news,
                  Time at, const TemplateId& fresh, Time now) {
  if (news.status == "deleted" || news.provider_id.empty() || news.name.empty() ||
      news.language.empty())
    return {};
  Template row = fresh_row(account, fresh);
  row.provider.provider_id = news.provider_id;
  row.provider.name = news.name;
  row.provider.language = news.language;
  row.provider.category = news.category;
  row.provider.status = news.status.empty() ? "pending" : news.status;
  row.provider.rejected_reason = news.rejected_reason;
  row.provider.quality = news.quality;
  row.version = 0;
  row.known = Known::kDrafted;
  row.told_at = at;
  return insert_row(db, row, now);
}

void take_news(Template& row, const channel::TemplateNews& news, Time now) {
  if (!news.status.empty()) {
    row.provider.status = news.status;
    row.provider.rejected_reason = news.rejected_reason;
  }
  if (!news.category.empty()) row.provider.category = news.category;
  if (!news.quality.empty()) row.provider.quality = news.quality;
  if (news.status == "deleted" && !row.deleted_at) row.deleted_at = now;
}

}  // namespace

Result<std::optional<Template>> find_template(store::Connection& db, const WorkspaceId& workspace,
                                              const TemplateId& id) {
  return find_one(db, kFind, {workspace, id});
}

Result<std::optional<Template>> find_by_name(store::Connection& db, const Account& account,
                                             std::string_view name, std::string_view language) {
  return find_one(db, kFindByName, {account.workspace, account.connection, name, language});
}

Result<TemplatePage> list_templates(store::Connection& db, const Query& q) {
  const auto range = IdRange<TemplateId>::of(q.after, q.before);
  TemplatePage page;
  page.upwards = q.before && !q.after;
  CHECK_OK(db.query(
      page.upwards ? kPageUp : kPageDown,
      {q.workspace, range.below, range.above, static_cast<std::int64_t>(q.limit + 1), kPageScanMax,
       static_cast<int>(q.mode), q.connection, q.name, q.language, q.status, q.category},
      [&page](const store::Row& row) { page.rows.push_back(template_of(row)); }));
  CHECK_OK(store::end_page(db, page, q.limit, &Template::id, kScanEnd, q.workspace, range.below,
                           range.above));
  return page;
}

Result<std::vector<Version>> list_versions(store::Connection& db, const WorkspaceId& workspace,
                                           const TemplateId& id) {
  std::vector<Version> all;
  CHECK_OK(db.query(kVersions, {workspace, id}, [&all](const store::Row& row) {
    Version version;
    version.number = row.integer(0);
    version.category = row.text(1);
    version.status = row.text(2);
    version.rejected_reason = row.text(3);
    version.is_named = row.integer(4) != 0;
    version.components_json = row.text(5);
    version.ttl_seconds = row.optional_integer(6);
    version.made_by = row.text(7);
    version.created_at = row.time(8);
    all.push_back(std::move(version));
  }));
  return all;
}

Result<Stored> store_seen(store::Connection& db, const Account& account, const Seen& seen,
                          const TemplateId& fresh, Time now) {
  TRY(auto found, find_one(db, kFindByProvider,
                           {account.workspace, account.connection, seen.provider.provider_id}));
  if (!found) return add_seen(db, account, seen, fresh, now);
  CHECK_OK(db.write(kTouch, {found->workspace, found->id, now}));
  return change_seen(db, *std::move(found), seen, now);
}

Result<> store_news(store::Connection& db, const Account& account,
                    const channel::TemplateNews& news, Time at, const TemplateId& fresh, Time now) {
  TRY(auto found,
      find_one(db, kFindByProvider, {account.workspace, account.connection, news.provider_id}));
  if (!found) return add_told(db, account, news, at, fresh, now);
  Template& row = *found;
  // What comes late, or in one second with something else, may be older than what is known.
  if ((at <= row.told_at || news.is_partial) && row.known == Known::kWhole)
    row.known = Known::kOutdated;
  const channel::ProviderTemplate before = row.provider;
  if (at >= row.told_at && !row.deleted_at) take_news(row, news, now);
  row.told_at = std::max(row.told_at, at);
  if (!is_same(before, row.provider)) row.updated_at = now;
  return update_row(db, row);
}

Result<> doubt_news(store::Connection& db, const Account& account,
                    const channel::TemplateNews& news) {
  return db.write(kDoubt, {account.workspace, account.connection, news.provider_id, news.status});
}

Result<> mark_deleted(store::Connection& db, const WorkspaceId& workspace, const TemplateId& id,
                      Time now) {
  return db.write(kDelete, {workspace, id, now});
}

Result<std::int64_t> mark_name_deleted(store::Connection& db, const Account& account,
                                       std::string_view name, Time now) {
  return db.run(kDeleteName, {account.workspace, account.connection, name, now});
}

Result<std::vector<SeenChange>> mark_vanished(store::Connection& db, const Account& account,
                                              Time began, Time now) {
  std::vector<SeenChange> gone;
  CHECK_OK(db.query(kFindVanished, {account.workspace, account.connection, began},
                    [&gone](const store::Row& row) {
                      Template one = template_of(row);
                      SeenChange& change = gone.emplace_back();
                      change.id = one.id;
                      change.is = change.was = std::move(one.provider);
                      change.is.status = "deleted";
                    }));
  CHECK_OK(db.write(kDeleteVanished, {account.workspace, account.connection, began, now}));
  return gone;
}

Result<> set_status(store::Connection& db, const WorkspaceId& workspace, const TemplateId& id,
                    std::string_view status, Time now) {
  TRY(auto found, find_template(db, workspace, id));
  if (!found) return {};
  if (status.empty()) {
    if (found->known == Known::kWhole) found->known = Known::kOutdated;
  } else {
    found->provider.status = status;
    found->provider.rejected_reason.clear();
  }
  found->updated_at = now;
  return update_row(db, *found);
}

Result<> store_sync(store::Connection& db, const Account& account, std::int64_t templates,
                    Time at) {
  return db.write(kStoreSync, {account.workspace, account.connection, at, templates});
}

Result<std::optional<SyncReport>> find_sync(store::Connection& db, const Account& account) {
  std::optional<SyncReport> found;
  CHECK_OK(
      db.query(kFindSync, {account.workspace, account.connection}, [&found](const store::Row& row) {
        found.emplace();
        found->synced_at = row.time(0);
        found->templates = row.integer(1);
      }));
  return found;
}

}  // namespace flowsell::templates
