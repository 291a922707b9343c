#pragma once

#include "http/client.h"
#include "webhook/endpoints.h"

namespace flowsell::webhook {

/// Asks an endpoint of the provider's format, as the provider does when one subscribes, whether it
/// knows the token: GET with hub.mode, hub.challenge and hub.verify_token, whose answer is the
/// challenge. Success at once where it has no token, or another format. Fails with kInvalidRequest
/// at /url. Call on a thread of the client's pool.
Task<> ask_endpoint(http::Client& client, Endpoint endpoint, SteadyTime now);

}  // namespace flowsell::webhook
