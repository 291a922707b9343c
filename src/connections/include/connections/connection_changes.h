#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/event.h"
#include "connections/connection_record.h"
#include "connections/senders.h"
#include "core/time.h"
#include "metering/idempotency.h"
#include "runtime/task.h"
#include "store/database.h"
#include "webhook/events.h"

namespace flowsell::connections {

/// Who does something to a connection, from where, and an operator's reason.
struct Acting {
  audit::Actor actor;
  audit::Origin origin;
  std::string reason = {};
};

/// Changes of connections: the row, what goes on record of it and what the workspace is told
/// (connection.updated) in one transaction; then memory. Thread-safe.
class ConnectionChanges {
 public:
  ConnectionChanges(store::Database& db, Senders& senders, webhook::Events& events,
                    metering::Idempotency& idempotency, IdSource& ids, const Clock& clock);

  struct Change {
    /// Of one that is there: its record, or what memory has of it.
    template <class Known>
    static Change of(const Known& known, std::string act, Acting by = {}) {
      Change change;
      change.workspace = known.workspace;
      change.mode = known.mode;
      change.id = known.id;
      change.act = std::move(act);
      change.by = std::move(by);
      return change;
    }

    WorkspaceId workspace;
    identity::Mode mode = identity::Mode::kTest;
    ConnectionId id;
    std::string act;  ///< "connection.changed": its name in the audit log
    Acting by;
    /// Changes the record in place, in the transaction; a refusal is a value. Of a new connection
    /// it is empty but for `workspace`, `mode` and `id`.
    std::function<Result<std::optional<Error>>(store::Connection&, ConnectionRecord&)> edit;
    /// What goes on record beside what is other than before.
    std::vector<std::pair<std::string, std::string>> noted = {};
    bool is_act = false;  ///< on record also where the connection stays as it was
    bool is_new = false;  ///< else one that is not there is kNotFound
    std::optional<metering::IdempotentCall> call = std::nullopt;
    /// Senders that the edit has inserted or changed, for memory.
    const std::vector<Sender>* senders = nullptr;
  };
  struct Changed {
    ConnectionRecord record;
    bool is_replay = false;
  };
  /// Where nothing is other than before, nothing is written or told. Fails with the edit's refusal
  /// and as Idempotency does.
  Task<Changed> apply(Change change);

  Senders& senders() noexcept { return senders_; }
  store::Database& database() noexcept { return db_; }
  Time now() const { return clock_.now(); }

 private:
  store::Database& db_;
  Senders& senders_;
  webhook::Events& events_;
  metering::Idempotency& idempotency_;
  IdSource& ids_;
  const Clock& clock_;
};

/// The status that goes with a record's reason and steps.
ConnectionStatus status_of(const ConnectionRecord& record) noexcept;

}  // namespace flowsell::connections
