#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/id.h"
#include "core/page.h"
#include "core/sensitive.h"
#include "core/time.h"
#include "crypto/rotating_keys.h"
#include "identity/caller.h"
#include "identity/settings.h"
#include "outbox/outbox.h"
#include "store/database.h"
#include "webhook/begun_deliveries.h"
#include "webhook/endpoints.h"
#include "webhook/event_type.h"

namespace flowsell::webhook {

/// Something that happened, on its way into the database and to the customers' endpoints.
struct EventDraft {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  EventType type = EventType::kMessageSent;
  Time at;
  IdBytes subject{};      ///< the message it is about; of what is told once: what came, hashed, so
                          ///< that the same coming again is seen
  outbox::Lane lane = 0;  ///< the conversation: events of one go to an endpoint in order
  std::string body;       ///< the inside of data.message (or another object), no braces, no content
  Content content;        ///< more fields of the same object that are content; empty: none
  /// Whom it is about, where its subject is no message: by it an erasure finds the event.
  std::optional<std::array<std::uint8_t, 16>> contact_hash;
  /// Of kProviderWebhook: the type of the event that tells the same in our words.
  std::optional<EventType> original_of = {};
  EventId id;                    ///< set by record(): ids rise in the order of commits
  bool body_is_derived = false;  ///< the body is not stored: a BodySource makes the same again from
                                 ///< the subject; `body` may be empty where nobody is told
};

/// Makes the body of an event that was stored without one, from what it is about.
using BodySource = Result<std::string> (*)(store::Connection& db, const WorkspaceId& workspace,
                                           const IdBytes& subject, EventType type);

/// The deliveries of one event: decided before its transaction, written and given their places in
/// the outbox in it, begun after it. Destroying it gives back places that were not used.
class EventPlan {
 public:
  EventPlan() = default;
  ~EventPlan();
  EventPlan(EventPlan&&) noexcept = default;
  EventPlan& operator=(EventPlan&&) noexcept;
  EventPlan(const EventPlan&) = delete;
  EventPlan& operator=(const EventPlan&) = delete;
  bool empty() const noexcept { return deliveries_.empty(); }
  /// At the start of a transaction's work: what an earlier, rolled-back run of it used is not used.
  void begin() noexcept {
    for (Planned& planned : deliveries_) planned.used = false;
  }

 private:
  friend class Events;
  struct Planned {
    EndpointPtr endpoint;
    // Set by record():
    std::optional<outbox::Slot> slot = {};
    DeliveryId id = {};
    BegunDelivery begun = {};                         ///< with a slot
    std::shared_ptr<outbox::JobState> inserted = {};  ///< the same: the job's state once queued
    bool used = false;
  };
  void give_back() noexcept;
  outbox::Outbox* outbox_ = nullptr;  ///< none: queued at once, without the outbox knowing
  std::vector<Planned> deliveries_;
  std::string sealed_;
  std::uint32_t key_id_ = 0;
  std::chrono::hours kept_{0};  ///< how long what is sealed is
};

class DeliveryHandler;

/// A delivery on its way from its event's transaction into the queue.
struct WaitingDelivery {
  BegunDelivery begun;
  outbox::JobState wanted;
  std::shared_ptr<outbox::JobState> inserted;
};

/// Records events and their deliveries, inside other rooms' transactions. Thread-safe.
class Events {
 public:
  Events(store::Database& db, Endpoints& endpoints, BegunDeliveries& begun, outbox::Outbox& outbox,
         crypto::RotatingKeys& spool, const identity::SettingsMemory& settings, IdSource& ids,
         const Clock& clock, std::chrono::hours content_retention);
  /// Before the first launch().
  void set_delivery_handler(DeliveryHandler& handler) { deliveries_ = &handler; }

  /// True when some endpoint wants it: an event that is told only to who asked (accepted, sending)
  /// is not recorded else.
  bool wanted(const WorkspaceId& workspace, identity::Mode mode, EventType type) const;
  /// True when some endpoint is told in the provider's own words.
  bool wants_originals(const WorkspaceId& workspace, identity::Mode mode) const;
  /// Makes the draft one of kProviderWebhook, which tells `original` and nothing else.
  static void tell_original(EventDraft& draft, const Content& original);
  /// Seals the content, and names the endpoints that want the event.
  EventPlan plan(const EventDraft& draft);
  /// The same for a caller without a thread of the pool (recovery): every delivery is queued, and
  /// the outbox finds it in its table when it starts.
  EventPlan plan_queued(const EventDraft& draft);
  /// An event of its own: plans, commits, launches. What can't be stored is logged and not told.
  Awaitable<void> tell(EventDraft draft);
  /// In a transaction: writes the event and its deliveries, gives the event its id, and takes a
  /// place in the outbox for each delivery: in the order of transactions. Each kind of operation
  /// that calls it calls store_recorded() at its end, and ended().
  Result<> record(store::Connection& db, EventDraft& draft, EventPlan& plan);
  /// The same for what is told once: nothing, and false, where the workspace was told of this
  /// subject by an event of this type in the last 8 days.
  Result<bool> record_once(store::Connection& db, EventDraft& draft, EventPlan& plan);
  /// In a transaction: after the last record() of a kind.
  Result<> store_recorded(store::Connection& db);
  /// The transaction that may have called record() has ended: see WriteKind::ended.
  void ended(bool committed) noexcept;
  /// In a transaction: gives the deliveries that wait for it their rows and jobs, in the order of
  /// their transactions.
  Result<> enqueue_waiting(store::Connection& db);
  /// The transaction that may have called enqueue_waiting() has ended.
  void enqueue_ended(bool committed) noexcept;
  /// After the transaction of record() committed: begins what may begin. Call on a thread of the
  /// pool.
  void launch(const EventDraft& draft, EventPlan plan, const net::any_io_executor& executor);

  /// The body of a delivery: {"type","timestamp","data":{"id","message":{...}}}, with another
  /// object where it is about something else.
  static std::string render(const EventDraft& draft);
  /// What an endpoint is posted: the same, or the provider's own words. Empty: those are gone.
  static std::string payload(const EventDraft& draft);

  /// Destroys event content whose time is over, some of it. In a transaction.
  struct Destroyed {
    std::map<WorkspaceId, std::int64_t> counts;
    std::int64_t total = 0;
    bool more = false;
  };
  static Result<Destroyed> destroy_expired_content(store::Connection& db, Time now);

  /// A step of giving a workspace's content that waits a shorter window, from the event behind
  /// `behind` on. In a transaction.
  struct Shortened {
    EventId behind;  ///< where the next step goes on
    bool more = false;
  };
  static Result<Shortened> shorten_content(store::Connection& db, const WorkspaceId& workspace,
                                           std::chrono::hours window, const EventId& behind);

 private:
  struct Queued {
    outbox::Slot slot;
    BegunDelivery begun;
    std::shared_ptr<outbox::JobState> inserted;
  };
  void gather(std::vector<Queued> deliveries, const net::any_io_executor& executor);
  Awaitable<void> enqueue_gathered();
  Awaitable<void> enqueue(std::vector<Queued> deliveries);
  void start_enqueueing(const net::any_io_executor& executor, Awaitable<void> work);

  store::Database& db_;
  Endpoints& endpoints_;
  BegunDeliveries& begun_;
  outbox::Outbox& outbox_;
  crypto::RotatingKeys& spool_;
  const identity::SettingsMemory& settings_;
  IdSource& ids_;
  const Clock& clock_;
  std::chrono::hours content_retention_;  ///< the server's own
  DeliveryHandler* deliveries_ = nullptr;

  std::mutex gathered_mutex_;
  std::vector<Queued> gathered_;
  bool gathers_ = false;  ///< enqueue_gathered() runs

  // Of write transactions.
  std::vector<WaitingDelivery> recorded_;  ///< by the open transaction
  std::deque<WaitingDelivery> waiting_;
  std::size_t enqueued_ = 0;  ///< of waiting_, by the open transaction
};

/// A stored event, its content opened where it still lives.
struct StoredEvent {
  EventDraft draft;
  bool content_expired = false;
  bool content_is_lost = false;  ///< it is there, sealed under a key that is not
};
Result<std::optional<StoredEvent>> read_event(store::Connection& db,
                                              const crypto::RotatingKeys& spool,
                                              const WorkspaceId& workspace, const EventId& id,
                                              BodySource body_of = nullptr);

/// A page of a workspace's events in one mode.
struct EventQuery {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  std::optional<EventType> type;
  std::optional<EventId> after;   ///< older than it
  std::optional<EventId> before;  ///< newer than it
  std::size_t limit = 20;
};
using EventPage = Page<StoredEvent, EventId>;
/// One page: upwards with `before` alone, else downwards. It looks at kPageScanMax rows at most: it
/// may come back short with has_more set.
Result<EventPage> list_events(store::Connection& db, const crypto::RotatingKeys& spool,
                              const EventQuery& query, BodySource body_of = nullptr);

}  // namespace flowsell::webhook
