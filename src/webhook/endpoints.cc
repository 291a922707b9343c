#include "webhook/endpoints.h"

#include <algorithm>
#include <functional>
#include <mutex>

#include "audit/audit_log.h"
#include "challenge.h"
#include "json/reader.h"
#include "json/writer.h"
#include "team/acts.h"
#include "telemetry/log.h"
#include "webhook/signature.h"

namespace flowsell::webhook {
namespace {

using store::Param;
using store::Sql;

const Sql kInsert(
    "INSERT INTO webhook_endpoints (workspace_id, id, mode, url, events, description, enabled, "
    "sealed_secret, created_at, format, sealed_verify_token) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
// Never an insert: an endpoint that was deleted meanwhile must not come back. NULL keeps a column:
// another change may have written it since this one was asked for.
const Sql kChange(
    "UPDATE webhook_endpoints SET url = coalesce(?3, url), events = coalesce(?4, events), "
    "description = coalesce(?5, description), enabled = coalesce(?6, enabled), "
    "format = coalesce(?7, format), "
    "sealed_verify_token = coalesce(?8, sealed_verify_token) "
    "WHERE workspace_id = ?1 AND id = ?2");
const Sql kDelete("DELETE FROM webhook_endpoints WHERE workspace_id = ?1 AND id = ?2");
#define ENDPOINT_COLUMNS                                                                           \
  "workspace_id, id, mode, url, events, description, enabled, sealed_secret, created_at, format, " \
  "sealed_verify_token"
const Sql kAll("SELECT " ENDPOINT_COLUMNS " FROM webhook_endpoints ORDER BY workspace_id, id");
const Sql kFind("SELECT " ENDPOINT_COLUMNS
                " FROM webhook_endpoints WHERE workspace_id = ?1 AND id = ?2");
#undef ENDPOINT_COLUMNS
const Sql kCount("SELECT COUNT(*) FROM webhook_endpoints WHERE workspace_id = ?1 AND mode = ?2");

/// A row, before its URL is parsed and its secret opened.
struct StoredEndpoint {
  Endpoint endpoint;
  std::string url;
  std::string sealed_secret;
  std::string sealed_verify_token;  ///< empty: none
};

/// Who does it, and how it is put on record.
struct Record {
  IdSource& ids;
  const team::By& by;
  std::string_view act;
};

struct PutOp final : store::WriteOp {
  PutOp(const Endpoint& e, Record r, std::string sealed, metering::Idempotency& i,
        std::optional<metering::IdempotentCall> c, Time t);
  const Endpoint& endpoint;
  Record record;
  std::string sealed_secret;
  std::string sealed_verify_token;
  metering::Idempotency& idempotency;
  std::optional<metering::IdempotentCall> call;
  Time now;
  const Endpoints::Change* change = nullptr;  ///< null: the endpoint is new
  std::function<void()> publish;              ///< once it is committed; in the order of commits
  metering::IdempotencyVerdict verdict;       ///< result
  /// Result of a change: the endpoint as it is now. Of a replay: what the first call made, as it is
  /// now; none: deleted since.
  std::optional<StoredEndpoint> made;
  bool is_gone = false;           ///< result: there is no such endpoint to change any more
  bool is_full = false;           ///< result: the workspace has as many as it may have
  std::optional<audit::Act> act;  ///< what it puts on record, if it changed something
};

struct DeleteOp final : store::WriteOp {
  DeleteOp(Record r, const EndpointId& e, Time t);
  Record record;
  EndpointId id;
  Time now;
};

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : " ") + part;
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto space = text.find(' ');
    parts.emplace_back(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return parts;
}

StoredEndpoint stored_endpoint(const store::Row& row) {
  StoredEndpoint stored;
  stored.endpoint.workspace = row.id<WorkspaceId>(0);
  stored.endpoint.id = row.id<EndpointId>(1);
  stored.endpoint.mode = static_cast<identity::Mode>(row.integer(2));
  stored.url = row.text(3);
  stored.endpoint.events = split(row.text(4));
  stored.endpoint.description = row.text(5);
  stored.endpoint.enabled = row.integer(6) != 0;
  stored.sealed_secret = row.text(7);
  stored.endpoint.created_at = row.time(8);
  stored.endpoint.format = static_cast<Format>(row.integer(9));
  if (!row.is_null(10)) stored.sealed_verify_token = row.text(10);
  return stored;
}

Result<std::optional<StoredEndpoint>> find_stored(store::Connection& db,
                                                  const WorkspaceId& workspace,
                                                  const EndpointId& id) {
  std::optional<StoredEndpoint> found;
  CHECK_OK(db.query(kFind, {workspace, id},
                    [&found](const store::Row& row) { found = stored_endpoint(row); }));
  return found;
}

// --- what goes on record ---

/// Where a URL leads: its path may hold what lets one in, and a record is never taken back.
std::string origin_of(const std::string& url) {
  const auto parsed = http::Url::parse(url);
  return parsed ? parsed->origin() : std::string();
}

std::string_view status_of(const Endpoint& endpoint) {
  return endpoint.enabled ? "enabled" : "disabled";
}

std::string json_of(const Endpoint& e, const std::string& url) {
  return audit::json_of({{"mode", identity::mode_name(e.mode)},
                         {"url_origin", origin_of(url)},
                         {"events", join(e.events)},
                         {"description", e.description},
                         {"format", format_name(e.format)},
                         {"status", status_of(e)}});
}

/// What of `of` is otherwise in `other`.
std::string json_of_differences(const StoredEndpoint& of, const StoredEndpoint& other) {
  json::Writer out;
  out.begin_object();
  if (of.url != other.url) out.key("url_origin").string(origin_of(of.url));
  if (of.endpoint.events != other.endpoint.events)
    out.key("events").string(join(of.endpoint.events));
  if (of.endpoint.description != other.endpoint.description)
    out.key("description").string(of.endpoint.description);
  if (of.endpoint.format != other.endpoint.format)
    out.key("format").string(format_name(of.endpoint.format));
  if (of.sealed_verify_token != other.sealed_verify_token)
    out.key("verify_token").string(of.sealed_verify_token.empty() ? "none" : "set");
  if (of.endpoint.enabled != other.endpoint.enabled)
    out.key("status").string(status_of(of.endpoint));
  out.end_object();
  return std::move(out).take();
}

bool is_same(const StoredEndpoint& one, const StoredEndpoint& other) {
  return one.url == other.url && one.endpoint.events == other.endpoint.events &&
         one.endpoint.description == other.endpoint.description &&
         one.endpoint.enabled == other.endpoint.enabled &&
         one.endpoint.format == other.endpoint.format &&
         one.sealed_verify_token == other.sealed_verify_token;
}

audit::Act act_of(const Record& record, Time now, const EndpointId& id) {
  return team::act_of(record.ids, now, record.by, std::string(record.act), id.str());
}

// --- operations ---

/// What a sealed verify_token is bound to: it can't stand in the place of the secret.
std::string token_place(const EndpointId& id) { return std::string(id.blob()) + " verify_token"; }

/// What can't be opened asks nobody.
Secret verify_token_of(identity::Workspaces& workspaces, const StoredEndpoint& stored) {
  if (stored.sealed_verify_token.empty()) return {};
  return workspaces
      .unseal(stored.endpoint.workspace, token_place(stored.endpoint.id),
              stored.sealed_verify_token)
      .value_or(Secret());
}

Result<EndpointPtr> opened(identity::Workspaces& workspaces, StoredEndpoint stored) {
  TRY(stored.endpoint.url, http::Url::parse(stored.url));
  TRY(stored.endpoint.secret, workspaces.unseal(stored.endpoint.workspace,
                                                stored.endpoint.id.blob(), stored.sealed_secret));
  stored.endpoint.verify_token = verify_token_of(workspaces, stored);
  return std::make_shared<const Endpoint>(std::move(stored.endpoint));
}

Result<> insert(store::Connection& db, PutOp& op) {
  const Endpoint& e = op.endpoint;
  CHECK_OK(db.query(kCount, {e.workspace, static_cast<int>(e.mode)}, [&op](const store::Row& row) {
    op.is_full = row.integer(0) >= static_cast<std::int64_t>(Endpoints::kPerWorkspaceMax);
  }));
  // A refusal keeps no key.
  if (op.is_full)
    return op.call ? op.idempotency.end(db, e.workspace, *op.call, /*done=*/false) : Result<>{};
  CHECK_OK(
      db.write(kInsert, {e.workspace, e.id, static_cast<int>(e.mode), e.url.str(), join(e.events),
                         e.description, e.enabled, Param::blob(op.sealed_secret), e.created_at,
                         static_cast<int>(e.format), Param::blob_or_null(op.sealed_verify_token)}));
  op.act = act_of(op.record, op.now, e.id);
  op.act->after = json_of(e, e.url.str());
  return {};
}

Result<> change(store::Connection& db, PutOp& op) {
  const Endpoint& e = op.endpoint;
  const Endpoints::Change& wanted = *op.change;
  const std::string url = e.url.str();
  const std::string events = join(e.events);
  const Param keep(nullptr);
  TRY(const auto before, find_stored(db, e.workspace, e.id));
  op.is_gone = !before;
  if (op.is_gone) return {};
  CHECK_OK(
      db.run(kChange, {e.workspace, e.id, wanted.url ? Param(url) : keep,
                       wanted.events ? Param(events) : keep, wanted.description, wanted.enabled,
                       wanted.format ? Param(static_cast<int>(*wanted.format)) : keep,
                       wanted.verify_token ? Param::blob(op.sealed_verify_token) : keep}));
  TRY(op.made, find_stored(db, e.workspace, e.id));
  if (!op.made || is_same(*before, *op.made)) return {};
  op.act = act_of(op.record, op.now, e.id);
  op.act->before = json_of_differences(*before, *op.made);
  op.act->after = json_of_differences(*op.made, *before);
  return {};
}

Result<> put(store::Connection& db, PutOp& op) {
  using Kind = metering::IdempotencyVerdict::Kind;
  const Endpoint& e = op.endpoint;
  op.verdict = {};
  op.made.reset();
  op.act.reset();
  op.is_gone = op.is_full = false;
  if (op.call) {
    TRY(op.verdict, op.idempotency.take(db, e.workspace, *op.call, e.id.bytes(), Time{}, op.now));
    // Read here and not from memory: the first call may have committed and not published yet.
    if (op.verdict.kind == Kind::kReplay) {
      TRY(op.made, find_stored(db, e.workspace, EndpointId(op.verdict.resource)));
      return {};
    }
    if (op.verdict.kind != Kind::kFirst) return {};
  }
  return op.change == nullptr ? insert(db, op) : change(db, op);
}

Result<> apply_puts(store::Connection& db, std::span<store::WriteOp* const> ops) {
  std::vector<audit::Act> acts;
  for (store::WriteOp* each : ops) {
    auto& op = store::as<PutOp>(each);
    CHECK_OK(put(db, op));
    if (op.act) acts.push_back(*op.act);
  }
  return audit::append(db, acts);
}

Result<> apply_deletes(store::Connection& db, std::span<store::WriteOp* const> ops) {
  std::vector<audit::Act> acts;
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<DeleteOp>(each);
    const WorkspaceId& workspace = op.record.by.caller.workspace;
    TRY(const auto before, find_stored(db, workspace, op.id));
    if (!before) continue;
    CHECK_OK(db.write(kDelete, {workspace, op.id}));
    acts.push_back(act_of(op.record, op.now, op.id));
    acts.back().before = json_of(before->endpoint, before->url);
  }
  return audit::append(db, acts);
}

void end_puts(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  if (!committed) return;
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<PutOp>(each);
    const bool is_first = op.verdict.kind == metering::IdempotencyVerdict::Kind::kFirst;
    if (is_first && !op.is_gone && !op.is_full) op.publish();
  }
}

constexpr store::WriteKind kPutKind{"endpoint", 4, apply_puts, end_puts};
constexpr store::WriteKind kDeleteKind{"endpoint_delete", 5, apply_deletes};

PutOp::PutOp(const Endpoint& e, Record r, std::string sealed, metering::Idempotency& i,
             std::optional<metering::IdempotentCall> c, Time t)
    : WriteOp(kPutKind),
      endpoint(e),
      record(r),
      sealed_secret(std::move(sealed)),
      idempotency(i),
      call(c),
      now(t) {}
DeleteOp::DeleteOp(Record r, const EndpointId& e, Time t)
    : WriteOp(kDeleteKind), record(r), id(e), now(t) {}

}  // namespace

std::string_view format_name(Format format) noexcept {
  return format == Format::kGraph ? "graph" : "standard";
}

std::optional<Format> format_named(std::string_view name) noexcept {
  for (const Format format : {Format::kStandard, Format::kGraph}) {
    if (format_name(format) == name) return format;
  }
  return std::nullopt;
}

namespace {

bool asks_for(const Endpoint& endpoint, Format format, EventType type) noexcept {
  return endpoint.enabled && endpoint.format == format &&
         std::ranges::any_of(endpoint.events,
                             [type](const auto& pattern) { return matches(pattern, type); });
}

}  // namespace

bool Endpoint::wants(EventType type) const noexcept {
  return type != EventType::kProviderWebhook && asks_for(*this, Format::kStandard, type);
}

bool Endpoint::wants_original(EventType type) const noexcept {
  return asks_for(*this, Format::kGraph, type);
}

Endpoints::Endpoints(store::Database& db, identity::Workspaces& workspaces,
                     http::EgressGuard& guard, http::Client& client,
                     metering::Idempotency& idempotency, IdSource& ids, const Clock& clock)
    : db_(db),
      workspaces_(workspaces),
      guard_(guard),
      client_(client),
      idempotency_(idempotency),
      ids_(ids),
      clock_(clock) {}

Result<> Endpoints::load() {
  std::vector<StoredEndpoint> rows;
  Result<> read;
  CHECK_OK(db_.read_now([&](store::Connection& db) {
    read = db.query(kAll, {},
                    [&rows](const store::Row& row) { rows.push_back(stored_endpoint(row)); });
  }));
  CHECK_OK(std::move(read));
  for (StoredEndpoint& stored : rows) {
    TRY(auto endpoint, opened(workspaces_, std::move(stored)));
    publish(std::move(endpoint), Put::kNew);
  }
  return {};
}

Result<> Endpoints::check(const Endpoint& endpoint) const {
  std::vector<FieldError> faults;
  if (const auto allowed = guard_.check(endpoint.url); !allowed) {
    faults.push_back({"/url", "not_allowed", allowed.error().detail,
                      "Use an https URL on a public host, port 443."});
  }
  for (std::size_t i = 0; i < endpoint.events.size(); ++i) {
    if (is_event_pattern(endpoint.events[i])) continue;
    faults.push_back({"/events/" + std::to_string(i), "invalid_value", "no event has such a type",
                      "Use an event's type, message.* or *."});
  }
  if (!endpoint.verify_token.empty() && endpoint.format != Format::kGraph) {
    faults.push_back({"/verify_token", "not_supported",
                      "only endpoints of the format graph are asked with one",
                      "Send \"format\": \"graph\", or leave verify_token out."});
  }
  return json::as_result(std::move(faults));
}

Task<Endpoints::Created> Endpoints::create(team::By by, Draft draft,
                                           std::optional<metering::IdempotentCall> call) {
  Endpoint endpoint;
  endpoint.id = ids_.next<IdKind::kEndpoint>();
  endpoint.workspace = by.caller.workspace;
  endpoint.mode = by.caller.mode;
  auto url = http::Url::parse(draft.url);
  if (!url) {
    co_return fail_field("/url", "invalid_format", url.error().detail,
                         "Send an absolute https URL.");
  }
  endpoint.url = *std::move(url);
  endpoint.events = draft.events.empty() ? std::vector<std::string>{"*"} : std::move(draft.events);
  endpoint.description = std::move(draft.description);
  endpoint.format = draft.format;
  endpoint.verify_token = std::move(draft.verify_token);
  endpoint.secret = make_signing_secret();
  endpoint.created_at = clock_.now();
  CO_CHECK_OK(check(endpoint));
  CO_CHECK_OK(co_await ask_endpoint(client_, endpoint, clock_.steady_now()));
  co_return co_await store_endpoint(std::move(by), std::move(endpoint), std::nullopt, call);
}

Task<Endpoints::Created> Endpoints::change(team::By by, EndpointId id, Change change,
                                           std::optional<metering::IdempotentCall> call) {
  const EndpointPtr before = find(by.caller, id);
  if (!before) co_return fail(ErrorCode::kNotFound, "there is no such webhook endpoint");
  Endpoint endpoint = *before;
  if (change.url) {
    auto url = http::Url::parse(*change.url);
    if (!url)
      co_return fail_field("/url", "invalid_format", url.error().detail,
                           "Send an absolute https URL.");
    endpoint.url = *std::move(url);
  }
  if (change.events) endpoint.events = *change.events;
  if (change.description) endpoint.description = *change.description;
  if (change.enabled) endpoint.enabled = *change.enabled;
  if (change.format) endpoint.format = *change.format;
  // Only the provider's format has one.
  const bool leaves_it = change.format && *change.format != Format::kGraph;
  if (leaves_it && !change.verify_token && !endpoint.verify_token.empty())
    change.verify_token.emplace();
  if (change.verify_token) endpoint.verify_token = *change.verify_token;
  CO_CHECK_OK(check(endpoint));
  if (change.url || change.format || change.verify_token)
    CO_CHECK_OK(co_await ask_endpoint(client_, endpoint, clock_.steady_now()));
  co_return co_await store_endpoint(std::move(by), std::move(endpoint), std::move(change), call);
}

Task<Endpoints::Created> Endpoints::store_endpoint(team::By by, Endpoint endpoint,
                                                   std::optional<Change> change,
                                                   std::optional<metering::IdempotentCall> call) {
  using Kind = metering::IdempotencyVerdict::Kind;
  auto sealed = workspaces_.seal(endpoint.workspace, endpoint.id.blob(), endpoint.secret);
  if (!sealed) co_return std::unexpected(std::move(sealed).error());
  const Record record{ids_, by, change ? "webhook_endpoint.changed" : "webhook_endpoint.created"};
  PutOp op(endpoint, record, *std::move(sealed), idempotency_, call, clock_.now());
  op.change = change ? &*change : nullptr;
  if (!endpoint.verify_token.empty()) {
    CO_TRY(op.sealed_verify_token,
           workspaces_.seal(endpoint.workspace, token_place(endpoint.id), endpoint.verify_token));
  }
  EndpointPtr stored;
  op.publish = [&] {
    if (op.made) {
      endpoint.events = op.made->endpoint.events;
      endpoint.description = op.made->endpoint.description;
      endpoint.enabled = op.made->endpoint.enabled;
      endpoint.format = op.made->endpoint.format;
      if (auto url = http::Url::parse(op.made->url)) endpoint.url = *std::move(url);
      endpoint.verify_token = verify_token_of(workspaces_, *op.made);
    }
    stored = std::make_shared<const Endpoint>(std::move(endpoint));
    publish(stored, change ? Put::kChange : Put::kNew);
  };
  CO_CHECK_OK(co_await db_.commit(op));
  switch (op.verdict.kind) {
    case Kind::kFirst:
      break;
    case Kind::kReplay: {
      if (!op.made)
        co_return fail(ErrorCode::kNotFound, "the endpoint that this key made was deleted since");
      CO_TRY(auto made, opened(workspaces_, *std::move(op.made)));
      co_return Created{std::move(made), true};
    }
    default:
      co_return std::unexpected(
          metering::refusal_of(op.verdict, EndpointId(op.verdict.resource).str()));
  }
  if (op.is_full) {
    co_return fail(ErrorCode::kConflict,
                   "a workspace has at most 50 webhook endpoints in each mode");
  }
  if (op.is_gone) co_return fail(ErrorCode::kNotFound, "there is no such webhook endpoint");
  co_return Created{std::move(stored), false};
}

Task<> Endpoints::remove(team::By by, EndpointId id) {
  if (!find(by.caller, id))
    co_return fail(ErrorCode::kNotFound, "there is no such webhook endpoint");
  DeleteOp op({ids_, by, "webhook_endpoint.deleted"}, id, clock_.now());
  CO_CHECK_OK(co_await db_.commit(op));
  forget(id);
  co_return Result<>{};
}

Task<> Endpoints::disable(EndpointId id) {
  const EndpointPtr before = find(id);
  if (!before || !before->enabled) co_return Result<>{};
  Endpoint endpoint = *before;
  endpoint.enabled = false;
  Change change;
  change.enabled = false;
  team::By nobody;  // the system
  nobody.caller.workspace = before->workspace;
  const auto stored = co_await store_endpoint(std::move(nobody), std::move(endpoint),
                                              std::move(change), std::nullopt);
  if (!stored && stored.error().code == ErrorCode::kNotFound) co_return Result<>{};
  if (!stored) co_return std::unexpected(stored.error());
  log::warn("a webhook endpoint said that it is gone and was disabled",
            {{"endpoint_id", id.str()}});
  co_return Result<>{};
}

void Endpoints::publish(EndpointPtr endpoint, Put put) {
  const std::unique_lock lock(mutex_);
  // Deleted after it was changed, but forgotten before this thread came here.
  if (put == Put::kChange && !by_id_.contains(endpoint->id)) return;
  auto& siblings = by_workspace_[{endpoint->workspace, endpoint->mode}];
  std::erase_if(siblings, [&](const EndpointPtr& e) { return e->id == endpoint->id; });
  siblings.push_back(endpoint);
  std::ranges::sort(siblings, {}, [](const EndpointPtr& e) { return e->id; });
  by_id_[endpoint->id] = std::move(endpoint);
}

void Endpoints::forget(const EndpointId& id) {
  const std::unique_lock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const EndpointPtr gone = found->second;
  std::erase(by_workspace_[{gone->workspace, gone->mode}], gone);
  by_id_.erase(found);
}

void Endpoints::forget_workspace(const WorkspaceId& workspace) {
  const std::unique_lock lock(mutex_);
  std::erase_if(by_id_, [&](const auto& each) { return each.second->workspace == workspace; });
  std::erase_if(by_workspace_, [&](const auto& each) { return each.first.first == workspace; });
}

EndpointPtr Endpoints::find(const EndpointId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

EndpointPtr Endpoints::find(const identity::Caller& caller, const EndpointId& id) const {
  EndpointPtr endpoint = find(id);
  if (!endpoint || endpoint->workspace != caller.workspace || endpoint->mode != caller.mode)
    return nullptr;
  return endpoint;
}

std::vector<EndpointPtr> Endpoints::list(const WorkspaceId& workspace, identity::Mode mode) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_workspace_.find({workspace, mode});
  return found == by_workspace_.end() ? std::vector<EndpointPtr>{} : found->second;
}

template <class Wants>
std::vector<EndpointPtr> Endpoints::those(const WorkspaceId& workspace, identity::Mode mode,
                                          Wants wants) const {
  std::vector<EndpointPtr> out;
  const std::shared_lock lock(mutex_);
  const auto found = by_workspace_.find({workspace, mode});
  if (found == by_workspace_.end()) return out;
  std::ranges::copy_if(found->second, std::back_inserter(out), wants);
  return out;
}

std::vector<EndpointPtr> Endpoints::subscribed(const WorkspaceId& workspace, identity::Mode mode,
                                               EventType type) const {
  return those(workspace, mode, [type](const auto& e) { return e->wants(type); });
}

std::vector<EndpointPtr> Endpoints::subscribed_to_originals(const WorkspaceId& workspace,
                                                            identity::Mode mode,
                                                            EventType type) const {
  return those(workspace, mode, [type](const auto& e) { return e->wants_original(type); });
}

bool Endpoints::has_graph(const WorkspaceId& workspace, identity::Mode mode) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_workspace_.find({workspace, mode});
  return found != by_workspace_.end() && std::ranges::any_of(found->second, [](const auto& e) {
           return e->enabled && e->format == Format::kGraph;
         });
}

}  // namespace flowsell::webhook
