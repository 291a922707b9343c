#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/replay.h"
#include "call.h"
#include "metering/rate_limit.h"

namespace flowsell::api {

/// The seconds of "wait=N" in a Prefer header (RFC 7240), at most 60; nullopt when it asks for
/// none.
std::optional<std::chrono::seconds> wait_preference(std::string_view prefer);

/// The call's Idempotency-Key, ready to be taken; nullopt when it has none. Fails with
/// kInvalidIdempotencyKey.
Result<std::optional<metering::IdempotentCall>> idempotent_call(const Call& call);
/// The same of a call whose body is a stream: `body` stands for it.
Result<std::optional<metering::IdempotentCall>> idempotent_call(const Call& call,
                                                                std::string_view body);
/// The same of an operator's call, in the workspace and mode that it is about: another operator's
/// key is another key.
Result<std::optional<metering::IdempotentCall>> idempotent_call(const AdminCall& call,
                                                                const Services& services,
                                                                const WorkspaceId& workspace,
                                                                identity::Mode mode);

/// Whose rate it is.
enum class RateOf : std::uint8_t { kKey, kUser };
/// RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers): the key's or the user's
/// rate, and the quota where it was used.
void add_rate_headers(http::Response& response, const metering::RateLimit::Decision& decision,
                      const std::optional<metering::Quota>& quota, Time now,
                      RateOf of = RateOf::kKey);

/// The version of the API that this server speaks.
inline constexpr std::string_view kVersion = "2026-11-01";
/// Where a request says which version it was written for it is that one, else kUnsupportedVersion.
Result<> check_version(const http::Request& request);

/// One more part of Server-Timing: where a call's time went.
void add_timing(http::Response& response, std::string_view part,
                std::chrono::steady_clock::duration took);

/// The trace of a W3C traceparent header; empty when there is none, or it is not valid. Log lines
/// of the request bear it.
std::string_view trace_id(std::string_view traceparent);

}  // namespace flowsell::api
