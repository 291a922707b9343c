#pragma once

#include "audit/audit_log.h"
#include "http/message.h"

namespace flowsell::api {

/// Which events of a chain a request asks for; whose chain, the caller says.
Result<audit::Query> read_audit_query(const http::Request& request);

}  // namespace flowsell::api
