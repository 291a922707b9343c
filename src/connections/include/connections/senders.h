#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "channel/adapter.h"
#include "connections/connections.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "identity/caller.h"
#include "identity/workspaces.h"
#include "store/database.h"

namespace flowsell::connections {

/// An address that messages leave from: a WhatsApp business number.
struct Sender {
  SenderId id;
  WorkspaceId workspace;
  ConnectionId connection;
  identity::Mode mode = identity::Mode::kTest;
  const channel::Adapter* adapter = nullptr;
  std::string account;         ///< the provider account it belongs to: WhatsApp's WABA id
  std::string address;         ///< the provider's id of it: WhatsApp's phone-number id
  std::string display_number;  ///< "+15550783881"
  std::string name;
  Secret token;  ///< of its connection
  Time created_at;
  bool is_removed = false;  ///< its connection is disconnected: nothing is sent from it any more
  bool has_let_go = false;  ///< the same: its account has it not any more, and another's has
};
using SenderPtr = std::shared_ptr<const Sender>;

/// All senders, in memory: every send asks for one; and what they belong to. One that was removed
/// is found by its id alone. Thread-safe.
class Senders {
 public:
  Senders(store::Database& db, identity::Workspaces& workspaces, AdapterLookup adapters,
          IdSource& ids, const Clock& clock);

  /// Reads all connections and senders. Blocking; at start.
  Result<> load();

  struct Draft {
    WorkspaceId workspace;
    identity::Mode mode = identity::Mode::kTest;
    std::string channel;
    std::string account;  ///< WhatsApp: WABA id
    std::string business_name;
    Secret token;
    std::string address;
    std::string display_number;
  };
  /// A connection with one sender, of a provider that is asked nothing: a sandbox's. Blocking: for
  /// start-up and tools.
  Result<SenderPtr> create(Draft draft);

  /// From now on it is what everybody finds; takes the place of one with its id.
  void publish(const SenderPtr& sender);
  /// The senders of a connection, also those that are removed.
  std::vector<SenderPtr> of_connection(const ConnectionId& id) const;
  /// Those of a workspace, the same.
  std::vector<SenderPtr> of_workspace(const WorkspaceId& workspace) const;
  /// A connection has changed: it and its senders are found as they are now. nullptr: it is
  /// disconnected.
  void refresh(const ConnectionId& id, const ConnectionPtr& connection);

  /// In a transaction: one more of a connection that is there. False: another one that is connected
  /// has its address.
  static Result<bool> insert(store::Connection& db, const Sender& sender);
  /// Its row is durable: from now on everybody finds it, as its connection is by now.
  void add(const Sender& sender);

  /// By sender id or display number; an empty `from` means the workspace's only sender, or its
  /// default. Fails with kInvalidRequest at /from (another workspace's sender is not told apart
  /// from none) and kSenderNotAllowed.
  Result<SenderPtr> find(const identity::Caller& caller, std::string_view from) const;
  SenderPtr find(const SenderId& id) const;
  /// Whom a provider's webhook is about.
  SenderPtr find_by_address(std::string_view channel, identity::Mode mode,
                            std::string_view address) const;
  /// Some sender of a provider account, for what a provider says about the account as a whole.
  SenderPtr find_by_account(std::string_view channel, identity::Mode mode,
                            std::string_view account) const;
  std::vector<SenderPtr> list(const WorkspaceId& workspace, identity::Mode mode) const;
  /// Those that are not removed.
  std::vector<SenderPtr> all() const;
  Connections& connections() noexcept { return connections_; }
  /// Their rows are gone, as all of the workspace is: memory lets go of them.
  void forget_workspace(const WorkspaceId& workspace);

 private:
  Result<SenderPtr> find_default(const identity::Caller& caller,
                                 const std::vector<SenderPtr>& senders) const;
  void take_out(const Sender& sender);

  store::Database& db_;
  identity::Workspaces& workspaces_;
  AdapterLookup adapters_;
  IdSource& ids_;
  const Clock& clock_;
  Connections connections_;
  mutable std::shared_mutex mutex_;
  std::map<SenderId, SenderPtr> by_id_;
  std::map<std::pair<WorkspaceId, identity::Mode>, std::vector<SenderPtr>> by_workspace_;
  std::map<std::pair<identity::Mode, std::string>, SenderPtr, std::less<>>
      by_address_;  ///< channel ':' address
  std::map<std::pair<identity::Mode, std::string>, SenderPtr, std::less<>>
      by_account_;  ///< channel ':' account
};

/// In a transaction.
Result<> insert_sender(store::Connection& db, const Sender& sender);
/// The same: its connection has it not any more.
Result<> store_let_go(store::Connection& db, const Sender& sender, Time now);
/// The same: its number and name as the provider shows them, of an account that has it.
Result<> update_sender(store::Connection& db, const Sender& sender);

}  // namespace flowsell::connections
