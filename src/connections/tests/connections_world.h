#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connections/connection_desk.h"
#include "connections/schema.h"
#include "connections/token_watch.h"
#include "fake_channel.h"
#include "webhook_world.h"

namespace flowsell::connections {

/// Every part of a connection's life, wired as the server wires them, and a provider of the test's.
class ConnectionsWorld : public webhook::WebhookWorld {
 public:
  /// `policies`: which version of the provider's policies must be accepted; empty: none.
  explicit ConnectionsWorld(std::string policies = {});
  ~ConnectionsWorld();

  /// The provider's next answers.
  void says(std::string body, int status = 200) { provider.then(status, std::move(body)); }
  void refuses(int code, const std::string& reason, int subcode = 0);
  void says_token_is_good(const std::string& more = {});
  /// An account with one number that is registered already: all that connect() asks for.
  void says_all_is_well();

  /// A connection of its own with one sender, which the provider was not asked about.
  SenderPtr add_sender(const std::string& address, const std::string& number);
  ConnectOrder order();
  Result<ConnectionRecord> connect(ConnectOrder wanted);
  Result<ConnectionRecord> connect() { return connect(order()); }
  Result<ConnectionRecord> resume(const ConnectionRecord& record, const std::string& pin = {});
  ConnectionRecord now_is(const ConnectionRecord& record);
  /// The paths that the provider was asked at, and forgets.
  std::vector<std::string> asked();
  /// Names of acts on the workspace's record.
  std::vector<std::string> acts();
  /// What its record says of the newest of them.
  std::string newest_act();
  /// What the workspace was told of connections, oldest first: each one's status.
  std::vector<std::string> told();

  testkit::HttpImposter provider;
  FakeChannel adapter;
  Senders senders;
  ProviderCalls provider_calls;
  ConnectionChanges changes;
  team::Policies policies;
  std::vector<ProviderNames> claimed, withdrawn;
  bool is_elsewhere = false;  ///< another cell has the names that are claimed
  ConnectorOptions options;
  Connector connector;
  ConnectionDesk desk;
  TokenWatch watch;

 private:
  NameBook names();
  std::size_t asked_ = 0;
};

}  // namespace flowsell::connections
