#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "channel/account_calls.h"
#include "connections/connection_changes.h"
#include "connections/provider_calls.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "identity/workspaces.h"
#include "runtime/task.h"
#include "team/policies.h"

namespace flowsell::connections {

/// By what a provider's webhooks find a connection.
struct ProviderNames {
  identity::Mode mode = identity::Mode::kTest;
  std::string account;
  std::vector<std::string> addresses;
};

/// Over all cells and replicas: in which cell these are found.
struct NameBook {
  /// They are found here from now on. False, and nothing is changed: another cell has one of them.
  std::function<Task<bool>(ProviderNames)> claim;
  /// They are not here any more; what is elsewhere stays.
  std::function<Task<>(ProviderNames)> withdraw;
  /// Whoever has one of the addresses elsewhere, and by its provider's word has not any more, lets
  /// go of it, where he can be asked (Connector::release()).
  std::function<Task<>(ProviderNames)> release;
};

struct ConnectorOptions {
  channel::ConnectApp test_app, live_app;
  channel::OverrideCallback callback;  ///< of live connections

  const channel::ConnectApp& app(identity::Mode mode) const noexcept {
    return mode == identity::Mode::kTest ? test_app : live_app;
  }
};

/// An account to be connected, by a token that its owner has given us.
struct ConnectOrder {
  /// Of a connection that is new; none: one is made. For an idempotent call's sake.
  ConnectionId id = {};
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  std::string channel = "whatsapp";
  Secret token;
  std::string account;  ///< which of those that the token is good for; empty: its only one
  /// The number that was chosen (WhatsApp: phone-number id): it alone is registered. Empty: all.
  std::string address;
  Secret pin;  ///< six digits: of numbers that have one, or new; empty: none was given
  /// Its owner goes on using the provider's own app with the number: it is not registered.
  bool is_on_app = false;
  ConnectedVia via = ConnectedVia::kSystemToken;
  Acting by;
};

/// Connects accounts: the server's steps of an onboarding (whatsapp.md 7.2.6), each of which is
/// stored with what became of it, so that one that failed is gone on with where it stopped. All of
/// them may be repeated. Thread-safe; on threads of the pool.
class Connector {
 public:
  /// From when on a way through the steps begins no call any more: each takes up to
  /// ProviderCalls::kTimeMax, and an account may have many numbers.
  static constexpr std::chrono::seconds kRunMax{90};

  Connector(ConnectionChanges& changes, ProviderCalls& calls, identity::Workspaces& workspaces,
            const team::Policies& policies, NameBook names, AdapterLookup adapters, IdSource& ids,
            ConnectorOptions options);

  /// What else is read of an account whose numbers were found, by who is told of it. Before the
  /// first call.
  using Listener = std::function<Awaitable<void>(ConnectionPtr, Acting)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  /// The provider's app of a mode. One that is not there: nothing can be connected.
  const channel::ConnectApp& app(identity::Mode mode) const noexcept { return options_.app(mode); }

  /// Checks the token, and stores the connection with it: a new one, or the one that the workspace
  /// has, or once had, of that account. Then takes every step that it can. The answer says how far
  /// it came (`steps`, failed_step(), is_onboarded()): a step that fails is no failure of the call.
  ///
  /// Fails, and nothing is stored, where there is nothing to go on with: kInvalidRequest at /token,
  /// /account_id or /channel with a stable code and a fix for whoever owns the business
  /// ("token_expired", "token_of_another_app", "permission_missing", "account_not_shared", ...),
  /// kAccountConnectedElsewhere, kTermsNotAccepted, kProviderRejected, kProviderUnreachable and
  /// kProviderTimeout: an account is nobody's before its provider has shown it to the token.
  Task<ConnectionRecord> connect(ConnectOrder order);

  /// Goes on with the steps that are not done, and looks at token and account again. Fails with
  /// kNotFound, kConflict (disconnected, or it is being done already).
  Task<ConnectionRecord> resume(WorkspaceId workspace, ConnectionId id, Secret pin, Acting by);

  /// What a connection's token is worth now, by the provider's own word. Fails as connect() does of
  /// a token that is not good, and with kConflict where there is no app to ask by.
  Task<channel::TokenFacts> inspect(ConnectionPtr connection);
  /// The same of another token for it.
  Task<channel::TokenFacts> inspect(ConnectionPtr connection, Secret token);
  /// Connections here but `except` let go of those of the addresses that they have lost: of whose
  /// accounts the provider does not show them any more, or takes no token. What is still shown, or
  /// where no answer comes, stays theirs. For somebody whose account does show them.
  Task<> release(std::string channel, identity::Mode mode, std::vector<std::string> addresses,
                 ConnectionId except);
  /// A token that ends later, in exchange for the connection's. Fails as ProviderCalls.
  Task<channel::IssuedToken> extend(ConnectionPtr connection);

 private:
  /// One way through the steps.
  struct Run {
    ConnectionRecord record;
    Secret pin;
    Acting by;
    /// A new token: whatever was done with the one before is done again. It is looked at already.
    bool is_anew = false;
    Time until;                                                   ///< then no call begins any more
    std::optional<std::vector<channel::AddressFacts>> addresses;  ///< once they are known
  };
  /// What a step has found out, to be stored with it.
  struct Found {
    std::function<void(ConnectionRecord&)> note;
    std::vector<Sender> fresh, changed;
  };
  class Turn;

  Task<channel::TokenFacts> inspect(const channel::Adapter* adapter, identity::Mode mode,
                                    Secret token, IdBytes client);
  /// That the token reaches the account. Fails as connect().
  Task<> prove(const channel::Adapter* adapter, const ConnectOrder& order, std::string account);
  Task<ConnectionRecord> store(const ConnectOrder& order, std::string account,
                               channel::TokenFacts facts);
  Task<ConnectionRecord> run(Run run);
  Task<StepState> perform(ServerStep step, Run& run, Found& found);
  Task<StepState> check_token(Run& run, Found& found);
  Task<StepState> read_account(Run& run, Found& found);
  Task<StepState> find_numbers(Run& run, Found& found);
  Task<StepState> subscribe(Run& run, bool with_callback);
  Task<StepState> register_numbers(Run& run);
  Task<StepState> request_history(Run& run);
  Task<> list_addresses(Run& run);
  Task<std::vector<channel::AddressFacts>> addresses_of(ConnectionPtr connection, Time until);
  Result<> check_time(Time until) const;
  Task<> release(ConnectionPtr holder, std::vector<SenderPtr> held, Time until);
  Task<bool> has_dead_token(ConnectionPtr connection, Error refusal);
  Task<> let_go_of_lost(ConnectionPtr holder, std::vector<SenderPtr> lost);
  /// Whether it is done, as is stored with all that it found.
  Task<bool> keep(Run& run, ServerStep step, Result<StepState> end, Found found);
  Awaitable<void> let_go(std::vector<Sender> senders);
  Result<ConnectionPtr> connection_of(const Run& run) const;

  ConnectionChanges& changes_;
  ProviderCalls& calls_;
  identity::Workspaces& workspaces_;
  const team::Policies& policies_;
  const NameBook names_;
  const AdapterLookup adapters_;
  IdSource& ids_;
  const ConnectorOptions options_;
  Listener listener_;
  std::mutex mutex_;
  std::set<ConnectionId> running_;
};

/// True for what a new token mends.
bool is_token_reason(std::string_view reason) noexcept;

}  // namespace flowsell::connections
