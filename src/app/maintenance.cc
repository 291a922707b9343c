#include "maintenance.h"

#include "identity/api_keys.h"
#include "messaging/conversation_windows.h"
#include "team/members.h"
#include "telemetry/log.h"
#include "webhook/events.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 10min;
constexpr auto kRoundMax = 10s;           ///< of waiting for the end of one
constexpr auto kDeadKeysKept = 90 * 24h;  ///< for who wonders what a revoked one was
constexpr int kCleanUpsMax = 64;          ///< in a round: transactions of some milliseconds each

struct CleanUpOp final : store::WriteOp {
  CleanUpOp(metering::Idempotency& i, metering::SendKeys& k, Time t, bool first);
  metering::Idempotency& idempotency;
  metering::SendKeys& send_keys;
  Time now;
  bool is_first;              ///< of a round: looks too for what no index knows the end of
  std::int64_t contents = 0;  ///< result, as all that follow
  std::int64_t idempotency_keys = 0;
  bool more = false;  ///< there is more upkeep to do
};

Result<> apply_clean_ups(store::Connection& db, std::span<store::WriteOp* const> ops) {
  for (store::WriteOp* each : ops) {
    auto& op = store::as<CleanUpOp>(each);
    TRY(const auto destroyed, webhook::Events::destroy_expired_content(db, op.now));
    op.contents = destroyed.total;
    for (const auto& [workspace, count] : destroyed.counts)
      CHECK_OK(team::count_removed(db, workspace, team::Removed::kContents, count, op.now));
    TRY(const bool more_windows, messaging::drop_old_windows(db, op.now));
    TRY(const auto dropped, op.idempotency.drop_expired(db, op.now));
    op.idempotency_keys = dropped.keys;
    TRY(op.more, op.send_keys.tidy(db, op.now));
    op.more = op.more || dropped.any() || destroyed.more || more_windows;
    // Last: it drops the runs too that a merge has just made.
    TRY(const auto of_sends, op.send_keys.drop_expired(db, op.now));
    op.idempotency_keys += of_sends;
    if (!op.is_first) continue;
    TRY([[maybe_unused]] const auto invitations, team::Members::drop_old_invitations(db, op.now));
    TRY([[maybe_unused]] const auto api_keys, identity::drop_dead_keys(db, op.now - kDeadKeysKept));
  }
  return {};
}
void end_clean_ups(std::span<store::WriteOp* const> ops, bool committed) noexcept {
  store::as<CleanUpOp>(ops.front()).send_keys.ended(committed);
}
constexpr store::WriteKind kCleanUpKind{"clean_up", 90, apply_clean_ups, end_clean_ups};
CleanUpOp::CleanUpOp(metering::Idempotency& i, metering::SendKeys& k, Time t, bool first)
    : WriteOp(kCleanUpKind), idempotency(i), send_keys(k), now(t), is_first(first) {}

/// Removes what slots hold whose items have all ended.
struct ClearSlotsOp final : store::WriteOp {
  ClearSlotsOp(messaging::BegunMessages& m, webhook::BegunDeliveries& d);
  messaging::BegunMessages& messages;
  webhook::BegunDeliveries& deliveries;
};

Result<> apply_clear_slots(store::Connection& db, std::span<store::WriteOp* const> ops) {
  const auto& op = store::as<ClearSlotsOp>(ops.front());
  CHECK_OK(op.messages.clear_unused(db));
  return op.deliveries.clear_unused(db);
}
constexpr store::WriteKind kClearSlotsKind{"clear_slots", 91, apply_clear_slots};
ClearSlotsOp::ClearSlotsOp(messaging::BegunMessages& m, webhook::BegunDeliveries& d)
    : WriteOp(kClearSlotsKind), messages(m), deliveries(d) {}

}  // namespace

Maintenance::Maintenance(runtime::IoPool& pool, store::Database& db, crypto::RotatingKeys& spool,
                         crypto::RotatingKeys& fingerprint, metering::Idempotency& idempotency,
                         metering::SendKeys& send_keys, messaging::BegunMessages& begun,
                         webhook::BegunDeliveries& begun_deliveries, Growth& growth,
                         Retention& retention, identity::ApiKeys& api_keys,
                         team::SupportSessions& support_sessions, onboarding::Sessions& onboarding,
                         metrics::Registry& metrics, const Clock& clock)
    : db_(db),
      spool_(spool),
      fingerprint_(fingerprint),
      idempotency_(idempotency),
      send_keys_(send_keys),
      begun_(begun),
      begun_deliveries_(begun_deliveries),
      growth_(growth),
      retention_(retention),
      api_keys_(api_keys),
      support_sessions_(support_sessions),
      onboarding_(onboarding),
      removed_(metrics),
      clock_(clock),
      rounds_(pool.context(0).get_executor(), "maintenance", kPause,
              runtime::Rounds::First::kAtOnce, [this] { return round(); }) {}

void Maintenance::last_round() {
  if (!rounds_.wait(kRoundMax)) log::warn("a clean-up is still under way", {});
  ClearSlotsOp clear(begun_, begun_deliveries_);
  if (!db_.commit_now(clear)) log::warn("unused slots could not be cleared", {});
  if (!api_keys_.store_uses_now()) log::warn("uses of API keys could not be noted", {});
}

/// True when there is more to do.
Awaitable<bool> Maintenance::clean_up(Time now, bool is_first) {
  CleanUpOp op(idempotency_, send_keys_, now, is_first);
  const auto committed = co_await db_.commit(op);
  if (!committed) {
    log::warn("the clean-up could not be stored; it comes again", {});
    co_return false;
  }
  removed_.add(team::Removed::kContents, op.contents);
  if (op.contents + op.idempotency_keys > 0) {
    log::info("clean-up", {{"contents_destroyed", op.contents},
                           {"idempotency_keys_dropped", op.idempotency_keys}});
  }
  co_return op.more;
}

Awaitable<void> Maintenance::round() {
  const Time now = clock_.now();
  co_await retention_.set_ends(now, rounds_.is_stopping());
  for (int i = 0; i < kCleanUpsMax && !rounds_.is_stopping(); ++i) {
    if (!co_await clean_up(now, /*is_first=*/i == 0)) break;
  }
  ClearSlotsOp clear(begun_, begun_deliveries_);
  if (!co_await db_.commit(clear)) log::warn("unused slots could not be cleared", {});
  if (!co_await api_keys_.store_uses()) log::warn("uses of API keys could not be noted", {});
  if (!co_await support_sessions_.end_expired())
    log::warn("ends of support sessions could not be noted", {});
  if (!co_await onboarding_.tidy()) log::warn("old onboarding links could not be tidied", {});
  co_await growth_.round(now, rounds_.is_stopping());
  co_await retention_.remove_rows(now, rounds_.is_stopping());
  spool_.destroy_expired(now);
  fingerprint_.destroy_expired(now);
}

}  // namespace flowsell::app
