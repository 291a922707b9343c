#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connections/provider_calls.h"
#include "connections/senders.h"
#include "graph_call.h"
#include "runtime/task.h"

namespace flowsell::graph_door {

inline constexpr std::string_view kChannel = "whatsapp";

enum class NodeKind : std::uint8_t { kNumber, kAccount, kTemplate, kLibrary };

/// What the id in a path names, and by whose token it is reached.
struct Node {
  NodeKind kind = NodeKind::kNumber;
  connections::ConnectionPtr connection;
  std::string target;  ///< for records: our id of the number or the account
};

/// The caller's number of that id at the provider, of his mode; nullptr: he has none. Fails with
/// kSenderNotAllowed.
Result<connections::SenderPtr> find_number(const GraphCall& call);
/// What the path's node is. Only what is known to be the caller's is found: a number and an account
/// by what is connected, a template by the lists of his accounts, since a token may reach more than
/// one workspace's. Fails with kNotFound, kSenderNotAllowed and as ProviderCalls::exchange().
Task<Node> find_node(const GraphCall& call);

}  // namespace flowsell::graph_door
