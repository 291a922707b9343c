#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/event.h"
#include "metering/idempotency.h"
#include "onboarding/session.h"
#include "runtime/task.h"
#include "store/database.h"
#include "webhook/events.h"

namespace flowsell::onboarding {

/// Who makes a change, for the record.
struct Mover {
  audit::Actor actor;
  audit::Origin from;
};

/// What a move makes of a session.
struct Decision {
  std::optional<Error> refused;  ///< then nothing changes
  bool changes = false;
  std::string act;            ///< what goes on record; empty: nothing
  bool is_told = true;        ///< customers hear of it
  std::string personal = {};  ///< what goes to the act's side row

  static Decision refuse(Error why) { return {.refused = std::move(why)}; }
  static Decision nothing() { return {}; }
  static Decision quiet() { return {.changes = true, .is_told = false}; }
  static Decision noted(std::string act_name) {
    return {.changes = true, .act = std::move(act_name), .is_told = false};
  }
  static Decision told(std::string act_name) {
    return {.changes = true, .act = std::move(act_name)};
  }
};
/// Changes the session as it is in the transaction. It may be called again.
using Move = std::function<Decision(Session&, Time now)>;

/// The rows of sessions: each change goes with its act and its event, in one transaction.
/// Thread-safe.
class Ledger {
 public:
  Ledger(store::Database& db, webhook::Events& events, IdSource& ids, const Clock& clock)
      : db_(db), events_(events), ids_(ids), clock_(clock) {}

  struct Added {
    metering::IdempotencyVerdict verdict;
    bool is_full = false;
    std::optional<Session> earlier;  ///< with kReplay
  };
  Task<Added> add(Session fresh, Mover by, std::string personal, metering::Idempotency& idempotency,
                  std::optional<metering::IdempotentCall> call, std::int64_t open_max);
  /// The session as it is afterwards. Fails with kNotFound, and with what `move` refuses.
  Task<Session> move(Session known, Mover by, Move move);
  /// The same of many that nobody waits for.
  Task<> move_all(std::vector<Session> known, Mover by, Move move);

  Task<std::optional<Session>> find(WorkspaceId workspace, OnboardingSessionId id) const;
  Task<std::optional<Session>> find(WorkspaceId workspace, crypto::Digest token_hash) const;
  Task<SessionPage> list(Query query) const;

 private:
  store::Database& db_;
  webhook::Events& events_;
  IdSource& ids_;
  const Clock& clock_;
};

}  // namespace flowsell::onboarding
