#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connections/connector.h"

namespace flowsell::connections {

/// Reads, changes and ends connections. Thread-safe; on threads of the pool.
class ConnectionDesk {
 public:
  ConnectionDesk(ConnectionChanges& changes, ProviderCalls& calls, NameBook names);

  /// Newest first.
  Task<std::vector<ConnectionRecord>> list(WorkspaceId workspace, identity::Mode mode) const;
  /// Fails with kNotFound, also where it is of another mode; nullopt: of either.
  Task<ConnectionRecord> find(WorkspaceId workspace, std::optional<identity::Mode> mode,
                              ConnectionId id) const;

  /// A step that people do, marked by an operator.
  struct AssistedStep {
    std::string name;
    StepState state = StepState::kDone;
    std::optional<std::string> note;
  };
  /// What a call does not name stays. All but `label` is an operator's.
  struct Edit {
    std::optional<std::string> label;
    std::optional<std::string> admin_notes;
    std::optional<PaymentStatus> payment;
    std::optional<FundingMode> funding;
    std::optional<Time> funding_from;  ///< nullopt: from now on
    std::vector<AssistedStep> steps;
  };
  /// Fails with kNotFound and as Idempotency does.
  Task<ConnectionChanges::Changed> change(ConnectionRecord of, Edit edit, Acting by,
                                          std::optional<metering::IdempotentCall> call);

  /// Its provider does not tell us of it any more (as far as it can be reached), its token is
  /// destroyed, and nothing is sent from its senders: what waits fails as sender_removed. The
  /// connection stays to be seen. Of one that is disconnected already only its names are let go of,
  /// should they still be here.
  Task<> disconnect(ConnectionRecord of, Acting by);
  /// The same of all that a workspace has, because it is deleted. A provider that can't be told is
  /// told again later, for some two hours; then the connection goes all the same, and the record
  /// says that it was not told. True: all have gone; false: call again.
  Task<bool> part(WorkspaceId workspace);

  /// What other rooms do where a connection is let go of: in that transaction, and once memory is
  /// to follow. Before the first disconnect().
  struct OnLetGo {
    std::function<Result<>(store::Connection&, const WorkspaceId&, const ConnectionId&)>
        in_transaction;
    std::function<void(const ConnectionId&)> afterwards;
  };
  void set_on_let_go(OnLetGo on_let_go) { on_let_go_ = std::move(on_let_go); }

 private:
  Task<> unsubscribe(ConnectionPtr connection);
  Task<> end(ConnectionRecord of, Acting by, bool is_told);
  Task<> withdraw_names(ConnectionRecord of);
  Task<bool> part(WorkspaceId workspace, identity::Mode mode, bool is_last_try);

  ConnectionChanges& changes_;
  ProviderCalls& calls_;
  const NameBook names_;
  OnLetGo on_let_go_;
};

}  // namespace flowsell::connections
