#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/event.h"
#include "connections/connection_record.h"
#include "core/id.h"
#include "core/sensitive.h"
#include "identity/caller.h"
#include "onboarding/session.h"
#include "runtime/task.h"

namespace flowsell::onboarding {

/// What the steps behind a consent work on.
struct AccountWanted {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  Way way = Way::kEmbeddedSignup;
  Secret token;  ///< what the consent gave; empty: it is with the connection already
  std::string account, address;  ///< what the browser has told; may be empty
  bool coexists = false;
  Secret pin;               ///< of two-step verification; empty: none was given
  ConnectionId connection;  ///< then: which one
  audit::Origin from;
};

/// What became of them.
struct AccountOutcome {
  std::optional<Failure> failure;  ///< nullopt: all is done
  std::int64_t provider_code = 0, provider_subcode = 0;
  std::string provider_trace;
  ConnectionId connection;  ///< also where a later step failed; none
};

/// One line of progress, for people.
struct AccountStep {
  std::string name;
  connections::StepState state = connections::StepState::kPending;
};

/// What is known of a connected account, for the page's last words.
struct AccountShown {
  std::string business_name;
  std::vector<std::string> numbers;
  std::vector<AccountStep> steps;
};

/// Which account is meant.
struct AccountNamed {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  ConnectionId connection;  ///< none: not known yet. Then
  std::string account;      ///< the provider's id of it; may be empty
};

/// Connects an account with a token: connections::Connector does, in the server.
class AccountSteps {
 public:
  virtual ~AccountSteps() = default;
  /// Does what is not done yet. Fails only where nothing can be said about the account.
  virtual Task<AccountOutcome> connect(AccountWanted wanted) = 0;
  virtual Task<AccountShown> show(AccountNamed named) = 0;
};

}  // namespace flowsell::onboarding
