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

/// What is wrong with what was sent, by its first field's code: of a token, in the words of a
/// `reason`. Empty: the error is another.
std::string field_fault(const Error& error);

/// It is the connection's trouble from now on, or has been since before. Empty: there is none.
void put_reason(ConnectionRecord& record, const std::string& reason, Time now);

/// A token that worked once and is refused now is what the connection needs mended. Anything else
/// (the provider is away) says nothing of it.
void note_refused_token(ConnectionRecord& record, const Error& error, Time now);

}  // namespace flowsell::connections
