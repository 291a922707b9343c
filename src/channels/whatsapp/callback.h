#pragma once

#include <string_view>
#include <vector>

#include "channel/updates.h"
#include "core/sensitive.h"

namespace flowsell::whatsapp {

/// Adapter::verify(): X-Hub-Signature-256 is "sha256=" and the lower-case hexadecimal HMAC-SHA256
/// of the raw body (reference/whatsapp.md section 4.2). An empty secret verifies nothing.
bool verify_signature(std::string_view raw_body, std::string_view signature,
                      const Secret& app_secret);

/// Adapter::parse(). Every element of the body's lists gives two updates at most, so a body of n
/// bytes gives no more than n.
Result<std::vector<channel::Update>> parse_callback(std::string_view raw_body, Time now);

}  // namespace flowsell::whatsapp
