// What people and keys do with templates.
#include <algorithm>
#include <array>
#include <utility>

#include "audit/audit_log.h"
#include "change_events.h"
#include "json/reader.h"
#include "store/change.h"
#include "team/acts.h"
#include "telemetry/log.h"
#include "template_table.h"
#include "templates/templates.h"
#include "turns.h"

namespace flowsell::templates {
namespace {

using namespace std::chrono_literals;
using channel::ProviderTemplate;
using channel::TemplateCalls;
using connections::ConnectionPtr;

constexpr store::WriteKind kKind{"templates", 9, store::apply_each<store::Change>};
constexpr std::size_t kPagesMax = 500;
constexpr auto kChangeMax = 30s;  ///< Meta takes some seconds for a new one
constexpr auto kRefreshMax = 3s;
constexpr auto kFirstSyncMax = 30s;  ///< longer nobody waits for another's

Error no_template() { return {ErrorCode::kNotFound, "there is no such template"}; }

Account account_of(const connections::Connection& connection) {
  return {connection.workspace, connection.id, connection.mode};
}

/// As precise as a webhook's.
Time second_of(Time at) { return std::chrono::floor<std::chrono::seconds>(at); }

Result<const TemplateCalls*> calls_of(const connections::Connection& connection) {
  const auto* calls = connection.adapter->template_calls();
  if (calls == nullptr) return fail(ErrorCode::kConflict, "the channel has no templates");
  return calls;
}

std::string name_of(const Template& row) {
  return audit::json_of({{"connection_id", row.connection.str()},
                         {"name", row.provider.name},
                         {"language", row.provider.language},
                         {"category", row.provider.category}});
}

}  // namespace

// --- reading

Task<Template> Templates::find_row(identity::Caller caller, TemplateId id) const {
  CO_TRY(auto row, co_await db_.read([workspace = caller.workspace, id](store::Connection& db) {
    return find_template(db, workspace, id);
  }));
  if (!row || row->mode != caller.mode) co_return std::unexpected(no_template());
  co_return *std::move(row);
}

Result<ConnectionPtr> Templates::connection_of(const Template& row) const {
  auto connection = connections_.find(row.connection);
  if (!connection) return fail(ErrorCode::kConflict, "the template's connection was removed");
  return connection;
}

Task<Template> Templates::refreshed(identity::Caller caller, ConnectionPtr connection,
                                    Template row) {
  const auto read = co_await refresh(connection, row.provider.provider_id);
  if (!read)
    log::info("a template could not be read from its provider",
              {{"template", row.id.str()}, {"error", read.error().detail}});
  CO_TRY(row, co_await find_row(caller, row.id));
  if (read) settle(row, *read);
  co_return row;
}

Task<Template> Templates::find(identity::Caller caller, TemplateId id) {
  CO_TRY(auto row, co_await find_row(caller, id));
  const auto connection = connections_.find(row.connection);
  if (!row.is_stale() || row.deleted_at || !connection) co_return row;
  co_return co_await refreshed(caller, connection, std::move(row));
}

Task<TemplatePage> Templates::list(Query query) const {
  co_return co_await db_.read(
      [&query](store::Connection& db) { return list_templates(db, query); });
}

Task<std::vector<Version>> Templates::versions(identity::Caller caller, TemplateId id) {
  CO_TRY(const auto row, co_await find(caller, id));
  co_return co_await db_.read([workspace = row.workspace, id](store::Connection& db) {
    return list_versions(db, workspace, id);
  });
}

Result<channel::TemplateSchema> Templates::schema_of(const Template& row) const {
  const auto connection = connections_.find(row.connection);
  const auto* calls = connection ? connection->adapter->template_calls() : nullptr;
  auto schema = calls == nullptr ? std::nullopt : calls->schema(row.provider);
  if (!schema)
    return fail(ErrorCode::kConflict, "the template's components are not known yet: sync it");
  return *std::move(schema);
}

Task<channel::TemplateLibrary> Templates::library(ConnectionPtr connection,
                                                  channel::LibrarySearch search) {
  CO_TRY(const auto* calls, calls_of(*connection));
  CO_TRY(auto request, calls->search_library(search, calls_.route(*connection)));
  CO_TRY(const auto answer,
         co_await calls_.call(connection, std::move(request), "search its library"));
  co_return calls->read_library(answer);
}

// --- what the provider says

Task<SyncReport> Templates::store(ConnectionPtr connection, std::vector<ProviderTemplate> templates,
                                  Time asked_at, std::vector<SeenChange>* changes) {
  const Account account = account_of(*connection);
  const Time now = clock_.now();
  std::vector<TemplateId> fresh(templates.size());
  for (TemplateId& each : fresh) each = ids_.next<IdKind::kTemplate>();
  std::vector<SeenChange> seen;
  auto body = [&](store::Connection& db) -> Result<SyncReport> {
    SyncReport report;
    seen.clear();
    for (std::size_t i = 0; i < templates.size(); ++i) {
      TRY(auto stored,
          store_seen(db, account, {templates[i], second_of(asked_at), {}}, fresh[i], now));
      if (stored.seen) seen.push_back(*std::move(stored.seen));
      ++report.templates;
      if (stored.change == Change::kAdded) ++report.added;
      if (stored.change == Change::kChanged) ++report.changed;
    }
    return report;
  };
  CO_TRY(const auto report, co_await store::change(db_, kKind, std::move(body)));
  if (report.added + report.changed > 0) book_.forget(connection->id);
  if (changes != nullptr) std::ranges::move(seen, std::back_inserter(*changes));
  co_return report;
}

/// After the commit: which events there are is known in it only.
Task<> Templates::tell_changes(ConnectionPtr connection, std::vector<SeenChange> changes, Time at) {
  if (!tell_) co_return Result<>{};
  for (webhook::EventDraft& each : events_of(*connection, changes, at))
    co_await tell_(std::move(each));
  co_return Result<>{};
}

void Templates::settle(Template& row, const Fetched& answer) {
  if (!row.is_stale() || row.deleted_at || row.told_at > answer.asked_at) return;
  const auto said =
      std::ranges::find(answer.templates, row.provider.provider_id, &ProviderTemplate::provider_id);
  if (said != answer.templates.end()) row.provider = *said;
}

Task<Templates::Fetched> Templates::refresh(ConnectionPtr connection, std::string provider_id) {
  CO_TRY(const auto* calls, calls_of(*connection));
  Fetched fetched{.asked_at = clock_.now(), .templates = {}, .of_account = {}};
  CO_TRY(auto request, calls->find(provider_id, calls_.route(*connection)));
  CO_TRY(const auto answer,
         co_await calls_.call(connection, std::move(request), "read the template", kRefreshMax));
  CO_TRY(auto read, calls->read_found(answer));
  fetched.templates.push_back(std::move(read));
  CO_CHECK_OK(co_await store(connection, fetched.templates, fetched.asked_at));
  co_return fetched;
}

Task<SyncReport> Templates::sync(std::optional<team::By> by, ConnectionPtr connection) {
  CO_TRY(const auto* calls, calls_of(*connection));
  const Time began = clock_.now();
  SyncReport all;
  channel::TemplateSearch search;
  bool is_whole = true;
  std::vector<SeenChange> changes;
  for (std::size_t page = 0; page < kPagesMax; ++page) {
    const Time asked_at = clock_.now();
    CO_TRY(auto request, calls->list(search, connection->account, calls_.route(*connection)));
    CO_TRY(const auto answer,
           co_await calls_.call(connection, std::move(request), "list the templates"));
    CO_TRY(auto read, calls->read_list(answer));
    is_whole &= read.is_whole;
    search.after = std::move(read.next);
    CO_TRY(const auto stored,
           co_await store(connection, std::move(read.templates), asked_at, &changes));
    all.templates += stored.templates;
    all.added += stored.added;
    all.changed += stored.changed;
    if (search.after.empty()) break;
  }
  is_whole &= search.after.empty();
  const Account account = account_of(*connection);
  all.synced_at = clock_.now();
  auto body = [&](store::Connection& db) -> Result<std::vector<SeenChange>> {
    std::vector<SeenChange> gone;
    if (is_whole) {
      TRY(gone, mark_vanished(db, account, began, all.synced_at));
    }
    CHECK_OK(store_sync(db, account, all.templates, all.synced_at));
    if (!by) return gone;
    auto act = team::act_of(ids_, all.synced_at, *by, "templates.synced", connection->id.str());
    act.after = audit::json_of({{"templates", std::to_string(all.templates)},
                                {"added", std::to_string(all.added)},
                                {"changed", std::to_string(all.changed)},
                                {"deleted", std::to_string(gone.size())}});
    CHECK_OK(audit::append(db, act));
    return gone;
  };
  CO_TRY(auto gone, co_await store::change(db_, kKind, std::move(body)));
  book_.forget(connection->id);
  all.deleted = static_cast<std::int64_t>(gone.size());
  std::ranges::move(gone, std::back_inserter(changes));
  CO_CHECK_OK(co_await tell_changes(connection, std::move(changes), all.synced_at));
  co_return all;
}

Task<> Templates::sync_first(ConnectionPtr connection) {
  const auto known = co_await db_.read([account = account_of(*connection)](store::Connection& db) {
    return find_sync(db, account);
  });
  CO_CHECK_OK(known);
  if (*known || connection->adapter->template_calls() == nullptr) co_return Result<>{};
  // Those who list them meanwhile wait for this, and see what it has read.
  const auto turn = co_await turns_->enter(std::string(connection->id.blob()),
                                           clock_.steady_now() + kFirstSyncMax);
  if (!turn) co_return Result<>{};
  const auto synced = co_await sync(std::nullopt, connection);
  if (!synced)
    log::info("templates could not be read from their provider",
              {{"connection", connection->id.str()}, {"error", synced.error().detail}});
  co_return Result<>{};
}

Task<Templates::Synced> Templates::sync_once(team::By by, ConnectionPtr connection,
                                             std::optional<metering::IdempotentCall> call) {
  const IdBytes about = connection->id.bytes();
  CO_TRY(const auto earlier,
         co_await keys_.take(connection->workspace, call, about, connection->id.str()));
  if (earlier) {
    CO_TRY(const auto last,
           co_await db_.read([account = account_of(*connection)](store::Connection& db) {
             return find_sync(db, account);
           }));
    co_return Synced{last.value_or(SyncReport{}), true};
  }
  auto synced = co_await sync(std::move(by), connection);
  co_await keys_.end(connection->workspace, call, about, synced.has_value());
  CO_TRY(const SyncReport report, std::move(synced));
  co_return Synced{report, false};
}

// --- changing

Task<Templates::Made> Templates::create(team::By by, ConnectionPtr connection,
                                        channel::TemplateDraft draft,
                                        std::optional<TemplateId> copied_from,
                                        std::optional<metering::IdempotentCall> call) {
  CO_TRY(const auto* calls, calls_of(*connection));
  CO_CHECK_OK(json::as_result(calls->check_draft(draft)));
  const auto fresh = ids_.next<IdKind::kTemplate>();
  const std::string name = draft.name;
  const std::string language = draft.language;
  CO_TRY(const auto earlier,
         co_await keys_.take(connection->workspace, call, fresh.bytes(), fresh.str()));
  if (earlier) {
    auto row = co_await find_row(by.caller, TemplateId(*earlier));
    // A webhook told of it before the first call had its answer, and gave it its id.
    if (!row) row = co_await find_by_name_of(connection, name, language);
    CO_TRY(auto found, std::move(row));
    co_return Made{std::move(found), true};
  }
  auto made = co_await make(by, connection, std::move(draft), fresh, copied_from);
  co_await keys_.end(connection->workspace, call, fresh.bytes(), made.has_value());
  CO_TRY(const TemplateId id, std::move(made));
  CO_TRY(auto row, co_await find_row(by.caller, id));
  CO_TRY(row, co_await refreshed(by.caller, connection, std::move(row)));
  co_return Made{std::move(row), false};
}

Task<Template> Templates::find_by_name_of(ConnectionPtr connection, std::string name,
                                          std::string language) const {
  CO_TRY(auto row, co_await db_.read([&](store::Connection& db) {
    return find_by_name(db, account_of(*connection), name, language);
  }));
  if (!row) co_return std::unexpected(no_template());
  co_return *std::move(row);
}

Task<TemplateId> Templates::make(team::By by, ConnectionPtr connection,
                                 channel::TemplateDraft draft, TemplateId fresh,
                                 std::optional<TemplateId> copied_from) {
  const auto& calls = *connection->adapter->template_calls();
  const Time asked_at = clock_.now();
  CO_TRY(auto request, calls.create(draft, connection->account, calls_.route(*connection)));
  CO_TRY(const auto answer,
         co_await calls_.call(connection, std::move(request), "make the template", kChangeMax));
  CO_TRY(const auto made, calls.read_created(answer));
  ProviderTemplate provider;
  provider.provider_id = made.provider_id;
  provider.name = draft.name;
  provider.language = draft.language;
  provider.category = made.category.empty() ? draft.category : made.category;
  provider.status = made.status;
  provider.is_named = draft.is_named;
  provider.components_json = draft.components_json;
  provider.ttl_seconds = draft.ttl_seconds;
  const std::string maker = team::actor_of(by.caller).id;
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<TemplateId> {
    TRY(const auto stored, store_seen(db, account_of(*connection),
                                      {provider, second_of(asked_at), maker, false}, fresh, now));
    auto act = team::act_of(ids_, now, by, "template.created", stored.id.str());
    act.after = audit::json_of({{"connection_id", connection->id.str()},
                                {"name", provider.name},
                                {"language", provider.language},
                                {"category", provider.category},
                                {"copied_from", copied_from ? copied_from->str() : ""}});
    CHECK_OK(audit::append(db, act));
    return stored.id;
  };
  CO_TRY(const TemplateId id, co_await store::change(db_, kKind, std::move(body)));
  book_.forget(connection->id);
  co_return id;
}

Task<channel::TemplateDraft> Templates::draft_of(identity::Caller caller, TemplateId id,
                                                 std::string name, std::string header_handle) {
  CO_TRY(const auto row, co_await find(caller, id));
  CO_TRY(const auto connection, connection_of(row));
  CO_TRY(const auto* calls, calls_of(*connection));
  CO_TRY([[maybe_unused]] const auto schema, schema_of(row));
  channel::TemplateDraft draft;
  draft.name = name.empty() ? row.provider.name : name;
  draft.language = row.provider.language;
  draft.category = row.provider.category;
  draft.is_named = row.provider.is_named;
  draft.ttl_seconds = row.provider.ttl_seconds;
  if (calls->draft_components(draft, row.provider, header_handle)) co_return draft;
  co_return fail_field("/header_handle", "required",
                       "the template's header has a file, of which the other account has no sample",
                       "Upload a sample with Meta's resumable upload, and send its handle.");
}

Task<Templates::Made> Templates::edit(team::By by, TemplateId id, channel::TemplateEdit edit,
                                      std::optional<metering::IdempotentCall> call) {
  CO_TRY(auto row, co_await find(by.caller, id));
  CO_TRY(const auto connection, connection_of(row));
  CO_TRY(const auto* calls, calls_of(*connection));
  CO_CHECK_OK(json::as_result(calls->check_edit(edit, row.provider)));
  CO_TRY(const auto earlier, co_await keys_.take(by.caller.workspace, call, id.bytes(), id.str()));
  if (earlier) co_return Made{std::move(row), true};
  constexpr std::array<std::string_view, 3> kEditable = {"approved", "rejected", "paused"};
  Result<> changed;
  if (std::ranges::find(kEditable, row.provider.status) == kEditable.end() || row.deleted_at) {
    changed =
        fail(ErrorCode::kConflict, "only approved, rejected and paused templates can be changed");
  } else {
    changed = co_await change(by, connection, row, std::move(edit));
  }
  co_await keys_.end(by.caller.workspace, call, id.bytes(), changed.has_value());
  CO_CHECK_OK(changed);
  CO_TRY(row, co_await refreshed(by.caller, connection, std::move(row)));
  co_return Made{std::move(row), false};
}

Task<> Templates::change(team::By by, ConnectionPtr connection, Template row,
                         channel::TemplateEdit edit) {
  const auto& calls = *connection->adapter->template_calls();
  const Time asked_at = clock_.now();
  CO_TRY(auto request, calls.edit(row.provider.provider_id, edit, calls_.route(*connection)));
  CO_TRY([[maybe_unused]] const auto answer,
         co_await calls_.call(connection, std::move(request), "change the template", kChangeMax));
  ProviderTemplate provider = row.provider;
  if (!edit.category.empty()) provider.category = edit.category;
  if (!edit.components_json.empty()) provider.components_json = edit.components_json;
  if (edit.ttl_seconds) provider.ttl_seconds = edit.ttl_seconds;
  const std::string maker = team::actor_of(by.caller).id;
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<> {
    CHECK_OK(store_seen(db, account_of(*connection), {provider, second_of(asked_at), maker, false},
                        row.id, now));
    auto act = team::act_of(ids_, now, by, "template.edited", row.id.str());
    act.before = audit::json_of({{"category", row.provider.category}});
    act.after = name_of(row);
    return audit::append(db, act);
  };
  CO_CHECK_OK(co_await store::change(db_, kKind, std::move(body)));
  book_.forget(connection->id);
  co_return Result<>{};
}

Task<> Templates::remove(team::By by, TemplateId id) {
  CO_TRY(const auto row, co_await find_row(by.caller, id));
  if (row.deleted_at) co_return std::unexpected(no_template());
  CO_TRY(const auto connection, connection_of(row));
  CO_TRY(const auto* calls, calls_of(*connection));
  CO_TRY(auto request, calls->remove(row.provider.name, row.provider.provider_id,
                                     connection->account, calls_.route(*connection)));
  CO_TRY([[maybe_unused]] const auto answer,
         co_await calls_.call(connection, std::move(request), "delete the template", kChangeMax));
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<> {
    CHECK_OK(mark_deleted(db, row.workspace, row.id, now));
    auto act = team::act_of(ids_, now, by, "template.deleted", row.id.str());
    act.before = name_of(row);
    return audit::append(db, act);
  };
  CO_CHECK_OK(co_await store::change(db_, kKind, std::move(body)));
  book_.forget(connection->id);
  co_return Result<>{};
}

Task<> Templates::remove_name(team::By by, ConnectionPtr connection, std::string name) {
  CO_TRY(const auto* calls, calls_of(*connection));
  CO_TRY(auto request, calls->remove(name, {}, connection->account, calls_.route(*connection)));
  CO_TRY([[maybe_unused]] const auto answer,
         co_await calls_.call(connection, std::move(request), "delete the template", kChangeMax));
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(const auto gone, mark_name_deleted(db, account_of(*connection), name, now));
    auto act = team::act_of(ids_, now, by, "template.deleted", connection->id.str());
    act.before = audit::json_of({{"name", name}, {"languages", std::to_string(gone)}});
    return audit::append(db, act);
  };
  CO_CHECK_OK(co_await store::change(db_, kKind, std::move(body)));
  book_.forget(connection->id);
  co_return Result<>{};
}

Task<Templates::Made> Templates::act(team::By by, TemplateId id, Act act,
                                     std::optional<metering::IdempotentCall> call) {
  CO_TRY(auto row, co_await find_row(by.caller, id));
  CO_TRY(const auto connection, connection_of(row));
  CO_TRY([[maybe_unused]] const auto* calls, calls_of(*connection));
  CO_TRY(const auto earlier, co_await keys_.take(by.caller.workspace, call, id.bytes(), id.str()));
  if (earlier) co_return Made{std::move(row), true};
  const auto done = co_await do_act(by, connection, row, act);
  co_await keys_.end(by.caller.workspace, call, id.bytes(), done.has_value());
  CO_CHECK_OK(done);
  CO_TRY(row, co_await refreshed(by.caller, connection, std::move(row)));
  co_return Made{std::move(row), false};
}

Task<> Templates::do_act(team::By by, ConnectionPtr connection, Template row, Act act) {
  const auto& calls = *connection->adapter->template_calls();
  const auto& provider_id = row.provider.provider_id;
  const auto route = calls_.route(*connection);
  auto request = act == Act::kUnpause
                     ? calls.unpause(provider_id, route)
                     : calls.archive(provider_id, act == Act::kArchive, connection->account, route);
  CO_TRY(auto ready, std::move(request));
  CO_TRY(const auto answer, co_await calls_.call(connection, std::move(ready),
                                                 "do that with the template", kChangeMax));
  CO_TRY(const bool is_done, calls.read_acted(answer));
  if (!is_done)
    co_return fail(ErrorCode::kConflict, "the provider does not do that with the template now");
  const std::string name = act == Act::kArchive     ? "template.archived"
                           : act == Act::kUnarchive ? "template.unarchived"
                                                    : "template.unpaused";
  const Time now = clock_.now();
  auto body = [&](store::Connection& db) -> Result<> {
    CHECK_OK(set_status(db, row.workspace, row.id, act == Act::kArchive ? "archived" : "", now));
    auto on_record = team::act_of(ids_, now, by, name, row.id.str());
    on_record.after = name_of(row);
    return audit::append(db, on_record);
  };
  CO_CHECK_OK(co_await store::change(db_, kKind, std::move(body)));
  book_.forget(connection->id);
  co_return Result<>{};
}

}  // namespace flowsell::templates
