#pragma once

#include "core/error.h"
#include "http/client.h"
#include "json/json.h"

namespace flowsell::whatsapp {

/// The object that an answer is. Fails as unreadable().
Result<json::Document> read_object(const http::Exchange& answered);
/// The error of an answer that is none of Meta's API: kProviderUnreachable.
std::unexpected<Error> unreadable();

}  // namespace flowsell::whatsapp
