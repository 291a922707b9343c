#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "channel/adapter.h"
#include "connections/connection_record.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "identity/caller.h"
#include "identity/workspaces.h"
#include "store/database.h"

namespace flowsell::connections {

/// A provider's account that a workspace has connected: for WhatsApp a WhatsApp Business account.
struct Connection {
  ConnectionId id;
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  const channel::Adapter* adapter = nullptr;
  std::string account;  ///< the provider's id of it: WhatsApp's WABA id
  std::string business_name;
  Secret token;  ///< what calls about the account, and its senders' messages, are made with
  Time created_at;
  ConnectionStatus status = ConnectionStatus::kActive;
  std::string reason = {};                    ///< as in ConnectionRecord
  std::optional<Time> token_expires_at = {};  ///< nullopt: it has no end
  std::optional<Time> token_checked_at = {};
  std::string token_user = {};
};
using ConnectionPtr = std::shared_ptr<const Connection>;

/// Finds the adapter of a channel by its name; nullptr when this server has none.
using AdapterLookup = std::function<const channel::Adapter*(std::string_view channel)>;

/// All connections that are not disconnected, in memory: what manages something at a provider asks
/// for one. Thread-safe.
class Connections {
 public:
  Connections(store::Database& db, identity::Workspaces& workspaces, AdapterLookup adapters);

  /// Reads all connections. Blocking; at start.
  Result<> load();
  /// From now on it is what everybody finds; takes the place of one with its id.
  void publish(const ConnectionPtr& connection);
  /// A row as memory has it, its token opened.
  Result<Connection> opened(const ConnectionRecord& record) const;
  /// It is disconnected: nobody finds it any more.
  void forget(const ConnectionId& id);
  /// Their rows are gone, as all of the workspace is: memory lets go of them.
  void forget_workspace(const WorkspaceId& workspace);

  /// A caller's connection by its id, of his mode; an empty `id` means his only one. Fails with
  /// kInvalidRequest at `pointer` (another workspace's is not told apart from none).
  Result<ConnectionPtr> find(const identity::Caller& caller, std::string_view id,
                             std::string_view pointer = "/connection_id") const;
  /// nullptr: there is none.
  ConnectionPtr find(const ConnectionId& id) const;
  /// Whoever has connected a provider's account; nullptr: nobody here.
  ConnectionPtr find_by_account(std::string_view channel, identity::Mode mode,
                                std::string_view account) const;
  /// Oldest first.
  std::vector<ConnectionPtr> list(const WorkspaceId& workspace, identity::Mode mode) const;
  std::vector<ConnectionPtr> all() const;

 private:
  store::Database& db_;
  identity::Workspaces& workspaces_;
  AdapterLookup adapters_;
  mutable std::shared_mutex mutex_;
  std::map<ConnectionId, ConnectionPtr> by_id_;
};

}  // namespace flowsell::connections
