#pragma once

#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "channel/sender_state.h"
#include "core/id.h"
#include "core/time.h"
#include "store/database.h"

namespace flowsell::numbers {

/// What is known of a sender beyond where it is: as its provider said it last.
struct KnownState {
  channel::SenderState state;
  bool is_gone = false;            ///< its account has it no more, said the last sync
  std::optional<Time> synced_at;   ///< when all of it was read; nullopt: it was not yet
  std::optional<Time> webhook_at;  ///< memory only: when its provider told of it last
};

/// Whose state it is.
struct StateKey {
  WorkspaceId workspace;
  SenderId sender;
};

/// In a transaction or snapshot. Empty where nothing is known.
Result<KnownState> find_state(store::Connection& db, const StateKey& key);
/// In a transaction: the whole state, in place of what was known.
Result<> store_state(store::Connection& db, const StateKey& key, const KnownState& known);
/// In a transaction: what is known from now on, with what a webhook told.
Result<KnownState> store_news(store::Connection& db, const StateKey& key,
                              const channel::SenderState& news);

/// States of all senders, in memory: each send asks for a pace, and a row says no more than they
/// do. Who has changed a row in a transaction puts it here when that is durable. Thread-safe.
class SenderStates {
 public:
  /// `when_changed` is told of each sender whose state is another one.
  explicit SenderStates(std::function<void(const SenderId&)> when_changed = nullptr)
      : when_changed_(std::move(when_changed)) {}

  /// Reads all. Blocking; at start.
  Result<> load(store::Database& db);

  /// What is known; empty where nothing is.
  KnownState find(const SenderId& sender) const;
  void put(const SenderId& sender, KnownState known);
  /// A webhook about it came.
  void note_webhook(const SenderId& sender, Time now);
  /// Its row is gone.
  void forget(const SenderId& sender);

 private:
  const std::function<void(const SenderId&)> when_changed_;
  mutable std::shared_mutex mutex_;
  std::map<SenderId, KnownState> known_;
};

}  // namespace flowsell::numbers
