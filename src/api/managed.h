#pragma once

#include "call.h"
#include "connections/senders.h"
#include "runtime/task.h"

namespace flowsell::api {

/// What a call does to a sender or its account at the provider.
enum class Use : std::uint8_t { kLook, kChange };

/// Of a change in live mode by a person: a live key was made only where the provider's policies
/// were accepted, and a person comes without one. Fails with kTermsNotAccepted.
Task<> check_policies(const Call& call);

/// The sender that the path's first parameter names. Fails with kInvalidId, kNotFound (another
/// workspace's is not told apart from none), kSenderNotAllowed and, for changes of a person in live
/// mode, kTermsNotAccepted.
Task<connections::SenderPtr> named_sender(const Call& call, Use use);
/// The same of a connection.
Task<connections::ConnectionPtr> named_connection(const Call& call, Use use);

/// A 200 with this body, and whether it is a replay.
http::Response answer(std::string body, bool is_replay = false);

/// A sender with what is known of it.
std::string render_sender(const Services& services, const connections::Sender& sender);

}  // namespace flowsell::api
