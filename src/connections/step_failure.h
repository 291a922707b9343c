#pragma once

#include <string>

#include "channel/account_calls.h"
#include "connections/connection_changes.h"
#include "connections/connection_record.h"
#include "core/error.h"

namespace flowsell::connections {

/// Whether a token is good for our work: else kInvalidRequest at /token, with a stable code and a
/// fix for whoever owns the business.
Result<> check_facts(const channel::TokenFacts& facts, const channel::ConnectApp& app);

/// What can keep a number from being registered before the provider is asked.
Error pin_required(const std::string& number);
Error number_missing();

/// The same error, about one number.
Error about(const std::string& number, Error error);

StepRow done_step(ServerStep step, StepState state, const Acting& by, Time now);
/// Never the provider's own words: they are not stored.
StepRow failed_step(ServerStep step, const Error& error, const Acting& by, Time now);

/// A token that worked once and is refused now is what the connection needs mended. Anything else
/// (the provider is away) says nothing of it.
void note_refused_token(ConnectionRecord& record, const Error& error, Time now);

}  // namespace flowsell::connections
