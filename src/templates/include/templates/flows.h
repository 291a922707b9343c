#pragma once

#include <optional>
#include <string>

#include "core/error.h"
#include "core/id.h"
#include "core/time.h"
#include "store/database.h"

namespace flowsell::templates {

/// A flow that its provider throttles: it takes kFlowSendsMax messages of it in an hour.
struct ThrottledFlow {
  WorkspaceId workspace;
  ConnectionId connection;
  std::string provider_id;
  std::string pointer;  ///< where the message names it
};
inline constexpr std::size_t kFlowSendsMax = 10;

/// In the transaction that accepts a message: when there is room for another of the flow; nullopt:
/// now. Only those are counted that were accepted here since the flow is throttled.
Result<std::optional<Time>> flow_full_until(store::Connection& db, const ThrottledFlow& flow,
                                            Time now);
/// In that transaction: the message has taken a place.
Result<> count_flow_send(store::Connection& db, const ThrottledFlow& flow, const MessageId& message,
                         Time now);
/// kInvalidRequest, with the time to wait.
Error flow_throttled(const ThrottledFlow& flow, Time until, Time now);

/// In the transaction that lets a connection go: what was told of its flows is old when it comes
/// back.
Result<> forget_flows(store::Connection& db, const WorkspaceId& workspace,
                      const ConnectionId& connection);

}  // namespace flowsell::templates
