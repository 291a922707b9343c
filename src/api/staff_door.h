#pragma once

#include <string>
#include <string_view>

#include "call.h"
#include "json/reader.h"

namespace flowsell::api {

/// The operator that a session is of. Fails with kNotFound (none, or disabled: as if the path were
/// not there) and kSecondFactorRequired.
Task<operators::Operator> operator_of(const accounts::Session& session, Staff& staff,
                                      bool needs_second_factor);

/// Fails with kInsufficientScope.
Result<> check_power(const operators::Operator& who, operators::Power power);

/// What Connect-Reason says: one line of 3 to 500 characters. Fails with kInvalidRequest; an empty
/// one where `is_needed`.
Result<std::string> stated_reason(const http::Request& request, bool is_needed);

/// Why an operator does something to somebody, as a body says it: each is one line, and a ticket
/// may be missing.
struct StatedCase {
  std::string reason, ticket;
};
StatedCase read_case(json::ObjectReader& in);

/// "GET /admin/v1/operators": what records call a route.
std::string operation_name(http::Method method, std::string_view pattern);

/// The id that a path names, for records: empty where there is none, or it can't be one.
std::string object_of(const http::Request& request);

}  // namespace flowsell::api
