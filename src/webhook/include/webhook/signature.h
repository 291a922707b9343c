#pragma once

#include <string>
#include <string_view>

#include "core/sensitive.h"
#include "core/time.h"

namespace flowsell::webhook {

/// "whsec_" and base64 of 32 random bytes: what an endpoint's owner is shown once.
Secret make_signing_secret();

/// The value of webhook-signature for one attempt: "v1," and base64 of HMAC-SHA256 over
/// id.timestamp.body. Source: Standard Webhooks 1.0, "Signature scheme". `secret` is the text that
/// make_signing_secret() gave.
std::string sign(const Secret& secret, std::string_view id, Time attempt_at, std::string_view body);

/// The value of X-Hub-Signature-256, as Meta signs: "sha256=" and the lower-case hexadecimal
/// HMAC-SHA256 of the body, keyed with the whole text of the secret.
std::string sign_as_graph(const Secret& secret, std::string_view body);

}  // namespace flowsell::webhook
