#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/sender_calls.h"
#include "core/error.h"
#include "core/id.h"
#include "core/time.h"

namespace flowsell::numbers {

enum class Verdict : std::uint8_t { kPass, kWarn, kFail, kSkipped };
std::string_view verdict_name(Verdict verdict) noexcept;

/// What one check found.
struct Finding {
  std::string check;  ///< "token_valid"
  SenderId sender;    ///< none: it is about the connection
  Verdict verdict = Verdict::kPass;
  std::string evidence;  ///< what was seen; never a secret
  std::string fix;       ///< empty where nothing is to be done
};

/// What a look saw. A look that failed says why: nothing it would have said is then guessed.
struct SeenSender {
  SenderId id;
  std::string display_number, address;
  Result<channel::SenderFacts> facts;
  std::optional<Time> webhook_at;
};
struct Seen {
  Time now;
  Time started_at;  ///< of this server: before it nobody remembers webhooks
  std::string account;
  std::string app;       ///< ours at the provider; empty: not known
  bool has_app = false;  ///< its id and its secret are known: the token can be looked at
  std::vector<std::string> needed_scopes;
  std::string callback;  ///< where webhooks should come
  Result<channel::TokenView> token;
  Result<std::vector<std::string>> subscriptions;  ///< the ids of apps
  Result<channel::AccountView> facts;
  Result<std::vector<channel::SenderState>> numbers;
  Result<> round_trip;
  bool is_challenged = false;  ///< there is a verify token to challenge the callback with
  bool needs_policies = false;
  Result<bool> policies;
  std::vector<SeenSender> senders;
};

/// The findings of what was seen, in the order in which they should be read: whoever repairs the
/// first that fails has most likely repaired those that follow.
std::vector<Finding> findings_of(const Seen& seen);

}  // namespace flowsell::numbers
