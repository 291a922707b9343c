#include "numbers/sender_states.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "state_change.h"

namespace flowsell::numbers {
namespace {

const store::Sql kStore(
    "INSERT INTO sender_states (workspace_id, sender_id, name, name_status, requested_name, "
    "requested_name_status, status, quality, throughput, verification, platform, account_mode, "
    "messaging_limit, is_official, has_pin, is_on_app, is_gone, synced_at) VALUES (?1, ?2, ?3, ?4, "
    "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) ON CONFLICT (workspace_id, "
    "sender_id) DO UPDATE SET name = excluded.name, name_status = excluded.name_status, "
    "requested_name = excluded.requested_name, requested_name_status = "
    "excluded.requested_name_status, status = excluded.status, quality = excluded.quality, "
    "throughput = excluded.throughput, verification = excluded.verification, platform = "
    "excluded.platform, account_mode = excluded.account_mode, messaging_limit = "
    "excluded.messaging_limit, is_official = excluded.is_official, has_pin = excluded.has_pin, "
    "is_on_app = excluded.is_on_app, is_gone = excluded.is_gone, synced_at = excluded.synced_at");
#define COLUMNS                                                                                   \
  "SELECT sender_id, name, name_status, requested_name, requested_name_status, status, quality, " \
  "throughput, verification, platform, account_mode, messaging_limit, is_official, has_pin, "     \
  "is_on_app, is_gone, synced_at FROM sender_states"
const store::Sql kAll(COLUMNS);
const store::Sql kOne(COLUMNS " WHERE workspace_id = ?1 AND sender_id = ?2");
#undef COLUMNS

std::optional<bool> flag_of(const store::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column) != 0;
}

KnownState read_row(const store::Row& row) {
  KnownState known;
  auto& state = known.state;
  int column = 1;
  for (std::string* text :
       {&state.name, &state.name_status, &state.requested_name, &state.requested_name_status,
        &state.status, &state.quality, &state.throughput, &state.verification, &state.platform,
        &state.account_mode, &state.messaging_limit}) {
    *text = row.text(column++);
  }
  state.is_official = flag_of(row, column++);
  state.has_pin = flag_of(row, column++);
  state.is_on_app = flag_of(row, column++);
  known.is_gone = row.integer(column++) != 0;
  known.synced_at = row.optional_time(column);
  return known;
}

}  // namespace

Result<KnownState> find_state(store::Connection& db, const StateKey& key) {
  KnownState known;
  CHECK_OK(db.query(kOne, {key.workspace, key.sender},
                    [&known](const store::Row& row) { known = read_row(row); }));
  return known;
}

Result<KnownState> store_news(store::Connection& db, const StateKey& key,
                              const channel::SenderState& news) {
  TRY(auto known, find_state(db, key));
  known.state = channel::with_news(std::move(known.state), news);
  if (news.requested_name_status == "none") known.state.requested_name.clear();
  CHECK_OK(store_state(db, key, known));
  return known;
}

Result<KnownState> put_state(store::Connection& db, const StateKey& key, channel::SenderState state,
                             Time now) {
  TRY(auto known, find_state(db, key));
  const bool has_asked =
      !state.requested_name_status.empty() && state.requested_name_status != "none";
  if (!has_asked) {
    state.requested_name.clear();
  } else if (state.requested_name.empty()) {
    state.requested_name = known.state.requested_name;
  }
  known.state = std::move(state);
  known.is_gone = false;
  known.synced_at = now;
  CHECK_OK(store_state(db, key, known));
  return known;
}

Result<> store_state(store::Connection& db, const StateKey& key, const KnownState& known) {
  const auto& s = known.state;
  return db.write(kStore, {key.workspace, key.sender, s.name, s.name_status, s.requested_name,
                           s.requested_name_status, s.status, s.quality, s.throughput,
                           s.verification, s.platform, s.account_mode, s.messaging_limit,
                           s.is_official, s.has_pin, s.is_on_app, known.is_gone, known.synced_at});
}

Result<> SenderStates::load(store::Database& db) {
  std::map<SenderId, KnownState> known;
  Result<> read;
  CHECK_OK(db.read_now([&](store::Connection& connection) {
    read = connection.query(kAll, {}, [&known](const store::Row& row) {
      known.emplace(row.id<SenderId>(0), read_row(row));
    });
  }));
  CHECK_OK(std::move(read));
  const std::unique_lock lock(mutex_);
  known_ = std::move(known);
  return {};
}

KnownState SenderStates::find(const SenderId& sender) const {
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(sender);
  return found == known_.end() ? KnownState{} : found->second;
}

void SenderStates::put(const SenderId& sender, KnownState known) {
  {
    const std::unique_lock lock(mutex_);
    auto& kept = known_[sender];
    known.webhook_at = std::max(kept.webhook_at, known.webhook_at);
    kept = std::move(known);
  }
  if (when_changed_) when_changed_(sender);
}

void SenderStates::note_webhook(const SenderId& sender, Time now) {
  const std::unique_lock lock(mutex_);
  known_[sender].webhook_at = now;
}

void SenderStates::forget(const SenderId& sender) {
  const std::unique_lock lock(mutex_);
  known_.erase(sender);
}

}  // namespace flowsell::numbers
