#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "channel/updates.h"
#include "connections/connector.h"
#include "runtime/io_pool.h"
#include "runtime/rounds.h"

namespace flowsell::connections {

/// Somebody by whose consent we have acted takes it back, as their provider tells.
struct PersonLeft {
  identity::Mode mode = identity::Mode::kTest;
  std::string user;  ///< the provider's id of them
  /// What they have allowed later stands: the provider's words may come twice.
  Time at;

  /// Whether a consent of that time is meant. Two clocks differ by some seconds.
  bool takes_back(Time given_at) const noexcept { return given_at <= at + kClocksDiffer; }
  static constexpr std::chrono::seconds kClocksDiffer{60};
};

/// Notices that a connection does not work any more, and says so in its status: a token that is
/// refused, one that ends soon, an account that the provider tells is gone. What is refused is
/// looked at with the provider's own word before anybody is alarmed. Each token is looked at once a
/// day; one that ends soon is exchanged for a later one where the provider does that. Thread-safe.
class TokenWatch {
 public:
  TokenWatch(runtime::IoPool& pool, ConnectionChanges& changes, Connector& connector,
             identity::Workspaces& workspaces);

  void start() { rounds_.start(); }
  /// No round begins any more.
  void stop() { rounds_.stop(); }
  /// After stop(). Blocking.
  bool wait(std::chrono::milliseconds grace) { return rounds_.wait(grace); }

  /// A provider has refused a call of the connection by this error. Cheap: it is looked at later.
  void refused(const ConnectionId& id, const ProviderError& error);
  /// What a provider tells of an account, once for each time that it does.
  Task<> account_changed(ConnectionPtr connection, channel::AccountChange change);
  /// Who has connected accounts with our app has taken it away.
  enum class Trace : std::uint8_t {
    kStays,
    kGoes,  ///< they want what is held about them deleted: the token, and by whom it was given
  };
  Task<> person_left(PersonLeft person, Trace trace);

  /// What the rounds do, with whatever is due.
  Awaitable<void> round();

 private:
  Task<> put(ConnectionPtr connection, std::string reason);
  Task<> take_back(ConnectionPtr connection, PersonLeft person, Trace trace);
  Task<> look(ConnectionPtr connection, std::string trouble);
  Task<> renew(ConnectionPtr connection);
  Task<> note(ConnectionPtr connection, std::string reason,
              std::optional<channel::TokenFacts> facts, std::string sealed_token = {});

  ConnectionChanges& changes_;
  Connector& connector_;
  identity::Workspaces& workspaces_;
  std::mutex mutex_;
  std::map<ConnectionId, std::string> suspects_;  ///< with what their refusal meant
  std::map<ConnectionId, Time> looked_at_;        ///< lately, because of a refusal
  runtime::Rounds rounds_;
};

}  // namespace flowsell::connections
