#pragma once

#include "call.h"
#include "connections/connection_desk.h"
#include "json/reader.h"

namespace flowsell::api {

/// A number's PIN: six digits, or none.
Secret pin_in(json::ObjectReader& in);

/// {"pin"}, or no body at all.
Result<Secret> read_pin(const http::Request& request);

/// What an operator may change of a connection.
connections::ConnectionDesk::Edit read_operators_edit(json::ObjectReader& in);

/// A connection as an answer.
http::Response connection_response(const connections::ConnectionRecord& record, Time now,
                                   connections::ConnectionView view, bool is_replay = false);

}  // namespace flowsell::api
