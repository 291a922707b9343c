#include "webhook/events.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <iterator>

#include "core/encoding.h"
#include "crypto/seal.h"
#include "json/writer.h"
#include "runtime/spawn.h"
#include "store/page.h"
#include "telemetry/log.h"
#include "webhook/deliveries.h"
#include "webhook/delivery_handler.h"

namespace flowsell::webhook {
namespace {

using outbox::JobState;
using store::Param;
using store::Sql;

constexpr std::chrono::seconds kStoreRetry{1};
/// Before the provider's own words, in the content of their event.
constexpr std::string_view kOriginal = "\"original\":";
/// Deliveries to endpoints that have no room wait for others, to come into the queue with them and
/// not beside the first attempts of those that have room.
constexpr std::chrono::milliseconds kGather{5};

const Sql kInsertEvent(
    "INSERT INTO events (workspace_id, id, mode, type, subject, at, body, pending, key_id, sealed, "
    "content_expires_at, contact_hash) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
const Sql kExpired(
    "SELECT workspace_id, id FROM events WHERE sealed IS NOT NULL AND content_expires_at <= ?1 "
    "ORDER BY content_expires_at LIMIT ?2");
const Sql kDestroy(
    "UPDATE events SET sealed = NULL, key_id = NULL, content_expires_at = NULL "
    "WHERE workspace_id = ?1 AND id = ?2");
// 0: its content does not wait, or not any more.
const Sql kWaiting(
    "SELECT id, CASE WHEN sealed IS NULL THEN 0 ELSE content_expires_at END FROM events "
    "WHERE workspace_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
const Sql kShorten("UPDATE events SET content_expires_at = ?3 WHERE workspace_id = ?1 AND id = ?2");
/// Of one transaction of upkeep.
constexpr std::int64_t kContentsAtOnce = 1000;
const Sql kFind(
    "SELECT id, mode, type, subject, at, body, key_id, sealed, content_expires_at FROM events "
    "WHERE workspace_id = ?1 AND id = ?2");
// The inner query bounds the work of a page whose filters match little.
#define EVENT_PAGE(order)                                                                    \
  "SELECT id, mode, type, subject, at, body, key_id, sealed, content_expires_at FROM "       \
  "(SELECT * FROM events WHERE workspace_id = ?1 AND id < ?2 AND id > ?3 ORDER BY id " order \
  " LIMIT ?7) AS scanned "                                                                   \
  "WHERE mode = ?4 AND (type = ?5 OR ?5 IS NULL) ORDER BY id " order " LIMIT ?6"
const Sql kPageDown(EVENT_PAGE("DESC"));
const Sql kPageUp(EVENT_PAGE("ASC"));
const Sql kScanEndDown(FLOWSELL_SCAN_END("events", "DESC"));
const Sql kScanEndUp(FLOWSELL_SCAN_END("events", "ASC"));
constexpr store::ScanEnd kScanEnd{kScanEndDown, kScanEndUp};
#undef EVENT_PAGE
// type >= 10 as in the index events_once. On PostgreSQL the bound leaves one or two partitions; the
// index of SQLite's table has the id behind the subject.
const Sql kOfSubject(
    "SELECT 1 FROM events WHERE workspace_id = ?1 AND subject = ?2 AND type >= 10 AND type = ?4 "
    "AND id > ?3");
/// Longer than any provider repeats a webhook: WhatsApp does for 7 days.
constexpr std::chrono::hours kRepeatedWithin{24 * 8};

/// What an event's sealed content is bound to: known before the event has its id.
std::string binding(const EventDraft& draft) {
  std::string bound(as_text(draft.subject));
  bound.append(event_type_name(draft.type));
  return bound;
}

/// An event with no other change.
struct TellOp final : store::WriteOp {
  TellOp(Events& e, EventDraft& d, EventPlan& p);
  Events& events;
  EventDraft& draft;
  EventPlan& plan;
};

Result<> apply_tells(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    const auto& op = store::as<TellOp>(each);
    CHECK_OK(op.events.record(db, op.draft, op.plan));
  }
  return store::as<TellOp>(ops.front()).events.store_recorded(db);
}
void end_tells(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  store::as<TellOp>(ops.front()).events.ended(committed);
}
constexpr store::WriteKind kTellKind{"event", 45, apply_tells, end_tells};
TellOp::TellOp(Events& e, EventDraft& d, EventPlan& p)
    : WriteOp(kTellKind), events(e), draft(d), plan(p) {}

/// Gives the deliveries that wait for it their rows and jobs.
struct EnqueueOp final : store::WriteOp {
  explicit EnqueueOp(Events& e);
  Events& events;
};
Result<> apply_enqueues(store::Connection& db, std::span<store::WriteOp* const> ops) {
  return store::as<EnqueueOp>(ops.front()).events.enqueue_waiting(db);
}
void end_enqueues(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  store::as<EnqueueOp>(ops.front()).events.enqueue_ended(committed);
}
constexpr store::WriteKind kEnqueueKind{"enqueue", 46, apply_enqueues, end_enqueues};
EnqueueOp::EnqueueOp(Events& e) : WriteOp(kEnqueueKind), events(e) {}

StoredEvent stored_event(const store::Row& row, const crypto::RotatingKeys& spool,
                         const WorkspaceId& workspace) {
  StoredEvent event;
  event.draft.workspace = workspace;
  event.draft.id = row.id<EventId>(0);
  event.draft.mode = static_cast<identity::Mode>(row.integer(1));
  event.draft.type = static_cast<EventType>(row.integer(2));
  event.draft.subject = MessageId::from_blob(row.text(3)).bytes();
  event.draft.at = row.time(4);
  event.draft.body = row.text(5);
  event.content_expired = row.is_null(7) && always_has_content(event.draft.type);
  if (row.is_null(7)) return event;
  const auto key = spool.find(static_cast<std::uint32_t>(row.integer(6)));
  auto opened =
      key ? crypto::open(*key, binding(event.draft), row.text(7))
          : Result<std::string>(fail(ErrorCode::kNotFound, "the spool key's life is over"));
  if (opened) {
    event.draft.content = Content(*std::move(opened));
  } else {
    event.content_expired = true;
    event.content_is_lost = true;
  }
  return event;
}

}  // namespace

EventPlan::~EventPlan() { give_back(); }

EventPlan& EventPlan::operator=(EventPlan&& other) noexcept {
  if (this != &other) {
    give_back();
    outbox_ = other.outbox_;
    deliveries_ = std::move(other.deliveries_);
    other.deliveries_.clear();
    sealed_ = std::move(other.sealed_);
    key_id_ = other.key_id_;
    kept_ = other.kept_;
  }
  return *this;
}

void EventPlan::give_back() noexcept {
  for (Planned& planned : deliveries_) {
    if (planned.slot) outbox_->release(*std::move(planned.slot));
  }
  deliveries_.clear();
}

Events::Events(store::Database& db, Endpoints& endpoints, BegunDeliveries& begun,
               outbox::Outbox& outbox, crypto::RotatingKeys& spool,
               const identity::SettingsMemory& settings, IdSource& ids, const Clock& clock,
               std::chrono::hours content_retention)
    : db_(db),
      endpoints_(endpoints),
      begun_(begun),
      outbox_(outbox),
      spool_(spool),
      settings_(settings),
      ids_(ids),
      clock_(clock),
      content_retention_(content_retention) {}

bool Events::wanted(const WorkspaceId& workspace, identity::Mode mode, EventType type) const {
  return !endpoints_.subscribed(workspace, mode, type).empty();
}

bool Events::wants_originals(const WorkspaceId& workspace, identity::Mode mode) const {
  return endpoints_.has_graph(workspace, mode);
}

void Events::tell_original(EventDraft& draft, const Content& original) {
  draft.original_of = std::exchange(draft.type, EventType::kProviderWebhook);
  draft.body.clear();
  draft.content = Content(std::string(kOriginal).append(original.reveal()));
}

EventPlan Events::plan(const EventDraft& draft) {
  EventPlan plan;
  plan.outbox_ = &outbox_;
  auto endpoints =
      draft.original_of
          ? endpoints_.subscribed_to_originals(draft.workspace, draft.mode, *draft.original_of)
          : endpoints_.subscribed(draft.workspace, draft.mode, draft.type);
  if (!draft.content.empty())
    plan.kept_ = settings_.content_window(draft.workspace, content_retention_);
  if (!draft.content.empty() && (!endpoints.empty() || plan.kept_ > std::chrono::hours(0))) {
    const auto key = spool_.current(clock_.now());
    plan.sealed_ = crypto::seal(key.key, binding(draft), draft.content.reveal());
    plan.key_id_ = key.id;
  }
  plan.deliveries_.reserve(endpoints.size());
  for (EndpointPtr& endpoint : endpoints) plan.deliveries_.push_back({.endpoint = endpoint});
  return plan;
}

EventPlan Events::plan_queued(const EventDraft& draft) {
  EventPlan plan;
  for (EndpointPtr& endpoint : endpoints_.subscribed(draft.workspace, draft.mode, draft.type))
    plan.deliveries_.push_back({.endpoint = endpoint});
  return plan;
}

Awaitable<void> Events::tell(EventDraft draft) {
  auto planned = plan(draft);
  TellOp op(*this, draft, planned);
  if (!co_await db_.commit(op)) {
    log::warn("an event could not be stored", {{"type", event_type_name(draft.type)}});
    co_return;
  }
  launch(draft, std::move(planned), co_await net::this_coro::executor);
}

Result<> Events::record(store::Connection& db, EventDraft& draft, EventPlan& plan) {
  draft.id = ids_.next<IdKind::kEvent>();
  const bool has_content = !plan.sealed_.empty();
  const Param none(nullptr);
  CHECK_OK(db.write(
      kInsertEvent,
      {draft.workspace, draft.id, static_cast<int>(draft.mode), static_cast<int>(draft.type),
       Param::blob(as_text(draft.subject)), draft.at,
       draft.body_is_derived ? std::string_view() : std::string_view(draft.body),
       static_cast<std::int64_t>(plan.deliveries_.size()),
       has_content ? Param(static_cast<std::int64_t>(plan.key_id_)) : none,
       Param::blob_or_null(plan.sealed_), has_content ? Param(clock_.now() + plan.kept_) : none,
       draft.contact_hash ? Param::blob(as_text(*draft.contact_hash)) : none}));
  for (EventPlan::Planned& planned : plan.deliveries_) {
    // Id and slot here, not in plan(): a conversation's deliveries go in the order of its events,
    // and of two plans it is not said which is recorded first. A rolled-back run's slot is kept.
    planned.id = ids_.next<IdKind::kDelivery>();
    if (plan.outbox_ != nullptr && !planned.slot)
      planned.slot =
          outbox_.reserve(outbox::JobKind::kDelivery, planned.endpoint->id.bytes(), draft.lane);
    const JobState wanted = planned.slot ? planned.slot->state : JobState::kReady;
    NewDelivery delivery{
        planned.id, draft.workspace, draft.mode,  planned.endpoint->id,        draft.id, draft.type,
        draft.at,   draft.lane,      has_content, wanted == JobState::kClaimed};
    planned.used = true;
    if (!planned.slot) {
      CHECK_OK(insert_delivery(db, delivery));
      TRY([[maybe_unused]] const auto state, outbox::insert_job(db, job_of(delivery), wanted));
      continue;
    }
    TRY(planned.begun, begun_.add(db, std::make_shared<const NewDelivery>(delivery)));
    if (delivery.is_open) continue;
    planned.inserted = std::make_shared<JobState>(wanted);
    recorded_.push_back({planned.begun, wanted, planned.inserted});
  }
  return {};
}

Result<> Events::store_recorded(store::Connection& db) { return begun_.store_added(db); }

void Events::ended(bool committed) noexcept {
  begun_.ended(committed);
  if (committed) waiting_.insert(waiting_.end(), recorded_.begin(), recorded_.end());
  recorded_.clear();
}

Result<> Events::enqueue_waiting(store::Connection& db) {
  enqueued_ = 0;
  std::vector<outbox::Job> jobs;
  jobs.reserve(waiting_.size());
  std::vector<outbox::NewJob> fresh;
  for (const WaitingDelivery& each : waiting_) {
    CHECK_OK(insert_delivery(db, *each.begun.row));
    fresh.push_back({jobs.emplace_back(job_of(*each.begun.row)), each.wanted});
  }
  TRY(const auto states, outbox::insert_jobs(db, fresh));
  for (const WaitingDelivery& each : waiting_) *each.inserted = states[enqueued_++];
  return {};
}

void Events::enqueue_ended(bool committed) noexcept {
  const std::size_t count = std::exchange(enqueued_, 0);
  if (!committed) return;
  for (std::size_t i = 0; i < count; ++i) {
    begun_.end(waiting_.front().begun);
    waiting_.pop_front();
  }
}

/// Ends what Events::start_enqueueing() began, however it ends.
class InsertionEnd {
 public:
  explicit InsertionEnd(outbox::Outbox& outbox) : outbox_(outbox) {}
  InsertionEnd(const InsertionEnd&) = delete;
  InsertionEnd& operator=(const InsertionEnd&) = delete;
  ~InsertionEnd() { outbox_.end_insertion(); }

 private:
  outbox::Outbox& outbox_;
};

void Events::start_enqueueing(const net::any_io_executor& executor, Awaitable<void> work) {
  outbox_.begin_insertion();
  runtime::spawn_logged(executor, std::move(work), "deliveries to the queue");
}

/// Takes deliveries that may wait a little; they are enqueued with those that come meanwhile.
void Events::gather(std::vector<Queued> deliveries, const net::any_io_executor& executor) {
  const std::lock_guard lock(gathered_mutex_);
  std::ranges::move(deliveries, std::back_inserter(gathered_));
  if (gathers_) return;
  start_enqueueing(executor, enqueue_gathered());
  gathers_ = true;
}

Awaitable<void> Events::enqueue_gathered() {
  net::steady_timer pause(co_await net::this_coro::executor, kGather);
  co_await pause.async_wait(use_result);
  std::vector<Queued> deliveries;
  {
    const std::lock_guard lock(gathered_mutex_);
    deliveries.swap(gathered_);
    gathers_ = false;
  }
  co_await enqueue(std::move(deliveries));
}

Awaitable<void> Events::enqueue(std::vector<Queued> deliveries) {
  const InsertionEnd end(outbox_);
  EnqueueOp op(*this);
  // An earlier operation may have queued them with others; then there is nothing left to do.
  while (!co_await db_.commit(op)) {
    log::warn("deliveries could not be queued", {{"count", std::uint64_t{deliveries.size()}}});
    if (outbox_.stopping()) co_return;  // they are durable: the next process queues them
    net::steady_timer pause(co_await net::this_coro::executor, kStoreRetry);
    co_await pause.async_wait(use_result);
  }
  for (Queued& each : deliveries) {
    const NewDelivery& row = *each.begun.row;
    outbox_.enqueued(std::move(each.slot), row.id.bytes(), row.at, *each.inserted);
  }
}

Result<bool> Events::record_once(store::Connection& db, EventDraft& draft, EventPlan& plan) {
  const EventId since(lowest_id_bytes(clock_.now() - kRepeatedWithin));
  bool told_before = false;
  CHECK_OK(db.query(
      kOfSubject,
      {draft.workspace, Param::blob(as_text(draft.subject)), since, static_cast<int>(draft.type)},
      [&](const store::Row&) { told_before = true; }));
  if (told_before) return false;
  CHECK_OK(record(db, draft, plan));
  return true;
}

void Events::launch(const EventDraft& draft, EventPlan plan, const net::any_io_executor& executor) {
  if (plan.deliveries_.empty()) return;
  std::shared_ptr<const std::string> body;
  auto deliveries = std::move(plan.deliveries_);
  plan.deliveries_.clear();
  std::vector<Queued> queued;
  std::vector<Queued> without_room;
  for (EventPlan::Planned& planned : deliveries) {
    if (!planned.slot) continue;
    if (!planned.used) {
      outbox_.release(*std::move(planned.slot));
      continue;
    }
    if (planned.inserted) {
      auto& group = planned.slot->is_full && !outbox_.stopping() ? without_room : queued;
      group.push_back({*std::move(planned.slot), planned.begun, std::move(planned.inserted)});
      continue;
    }
    if (!body) body = std::make_shared<const std::string>(payload(draft));
    auto attempt = deliveries_->attempt_begun(std::move(planned.begun), body);
    outbox_.start(*std::move(planned.slot), planned.id.bytes(), executor, std::move(attempt));
  }
  if (!queued.empty()) start_enqueueing(executor, enqueue(std::move(queued)));
  if (!without_room.empty()) gather(std::move(without_room), executor);
}

std::string Events::render(const EventDraft& draft) {
  std::string inside = draft.body;
  if (!draft.content.empty()) {
    if (!inside.empty()) inside += ',';
    inside += draft.content.reveal();
  }
  json::Writer out;
  out.begin_object().key("type").string(event_type_name(draft.type));
  out.key("timestamp").string(format_time(draft.at));
  out.key("data").begin_object().key("id").string(draft.id.str());
  out.key(object_name(draft.type)).raw("{" + inside + "}");
  out.end_object().end_object();
  return std::move(out).take();
}

std::string Events::payload(const EventDraft& draft) {
  if (draft.type != EventType::kProviderWebhook) return render(draft);
  return std::string(
      draft.content.reveal().substr(std::min(kOriginal.size(), draft.content.size())));
}

Result<Events::Destroyed> Events::destroy_expired_content(store::Connection& db, Time now) {
  std::vector<std::pair<WorkspaceId, EventId>> expired;
  CHECK_OK(db.query(kExpired, {now, kContentsAtOnce}, [&expired](const store::Row& row) {
    expired.emplace_back(row.id<WorkspaceId>(0), row.id<EventId>(1));
  }));
  Destroyed out;
  std::vector<Param> params;
  params.reserve(expired.size() * 2);
  for (const auto& [workspace, id] : expired) {
    params.insert(params.end(), {workspace, id});
    ++out.counts[workspace];
  }
  if (!params.empty()) {
    TRY([[maybe_unused]] const auto changed, db.run_each(kDestroy, params, 2));
  }
  out.total = static_cast<std::int64_t>(expired.size());
  out.more = out.total == kContentsAtOnce;
  return out;
}

Result<Events::Shortened> Events::shorten_content(store::Connection& db,
                                                  const WorkspaceId& workspace,
                                                  std::chrono::hours window,
                                                  const EventId& behind) {
  Shortened out{.behind = behind};
  std::int64_t looked_at = 0;
  std::vector<EventId> longer;
  CHECK_OK(db.query(kWaiting, {workspace, behind, kContentsAtOnce}, [&](const store::Row& row) {
    ++looked_at;
    out.behind = row.id<EventId>(0);
    if (row.time(1) > out.behind.time() + window) longer.push_back(out.behind);
  }));
  for (const EventId& id : longer)
    CHECK_OK(db.write(kShorten, {workspace, id, id.time() + window}));
  out.more = looked_at == kContentsAtOnce;
  return out;
}

namespace {

Result<> add_body(store::Connection& db, StoredEvent& event, BodySource body_of) {
  EventDraft& draft = event.draft;
  if (!draft.body.empty() || body_of == nullptr || is_told_once(draft.type)) return {};
  TRY(draft.body, body_of(db, draft.workspace, draft.subject, draft.type));
  return {};
}

}  // namespace

Result<std::optional<StoredEvent>> read_event(store::Connection& db,
                                              const crypto::RotatingKeys& spool,
                                              const WorkspaceId& workspace, const EventId& id,
                                              BodySource body_of) {
  std::optional<StoredEvent> event;
  CHECK_OK(db.query(kFind, {workspace, id},
                    [&](const store::Row& row) { event = stored_event(row, spool, workspace); }));
  if (event) CHECK_OK(add_body(db, *event, body_of));
  return event;
}

Result<EventPage> list_events(store::Connection& db, const crypto::RotatingKeys& spool,
                              const EventQuery& query, BodySource body_of) {
  const auto [above, below] = IdRange<EventId>::of(query.after, query.before);
  const std::optional<std::int64_t> type =
      query.type ? std::optional<std::int64_t>(static_cast<std::int64_t>(*query.type))
                 : std::nullopt;
  EventPage page;
  page.upwards = query.before && !query.after;
  CHECK_OK(db.query(page.upwards ? kPageUp : kPageDown,
                    {query.workspace, below, above, static_cast<int>(query.mode), type,
                     static_cast<std::int64_t>(query.limit + 1), kPageScanMax},
                    [&](const store::Row& row) {
                      page.rows.push_back(stored_event(row, spool, query.workspace));
                    }));
  CHECK_OK(store::end_page(
      db, page, query.limit, [](const StoredEvent& event) { return event.draft.id; }, kScanEnd,
      query.workspace, below, above));
  for (StoredEvent& event : page.rows) CHECK_OK(add_body(db, event, body_of));
  return page;
}

}  // namespace flowsell::webhook
