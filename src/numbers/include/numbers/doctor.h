#pragma once

#include <functional>
#include <string>
#include <vector>

#include "channel/account_calls.h"
#include "connections/provider_calls.h"
#include "connections/senders.h"
#include "http/client.h"
#include "numbers/finding.h"
#include "numbers/sender_states.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::numbers {

/// The provider's app that a mode's connections belong to, and where its webhooks come to us.
struct ProviderApp {
  channel::ConnectApp app;
  Secret verify_token;
};

/// Looks at a connection from all sides at once: what its provider says, whether our own door for
/// webhooks answers from outside, and what we know ourselves. Changes nothing. Thread-safe.
class Doctor {
 public:
  struct Options {
    std::function<ProviderApp(identity::Mode)> app;
    /// Where the provider's webhooks are to come: "https://host/hooks/whatsapp".
    std::function<std::string()> callback;
    std::string policies_version;  ///< that must be accepted; empty: none
    std::chrono::seconds look_time_max{10};
  };
  Doctor(store::Database& db, connections::Senders& senders, const SenderStates& states,
         connections::ProviderCalls& calls, http::Client& client, const Clock& clock,
         Options options);

  /// One finding for each check, the account's first. A look that fails is a finding, and keeps no
  /// other one back. Fails with kConflict: the channel can't be looked at.
  Task<std::vector<Finding>> diagnose(connections::ConnectionPtr connection) const;

 private:
  class Visit;

  store::Database& db_;
  connections::Senders& senders_;
  const SenderStates& states_;
  connections::ProviderCalls& calls_;
  http::Client& client_;
  const Clock& clock_;
  const Options options_;
  const Time started_at_;
};

}  // namespace flowsell::numbers
