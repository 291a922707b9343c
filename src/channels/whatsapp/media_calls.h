#pragma once

#include "channel/media_calls.h"

namespace flowsell::whatsapp {

/// The 32 bytes of a SHA-256 that Meta writes in hex or in base64: both are seen. Empty: it is
/// none.
std::string digest_of(std::string_view text);

/// Files at the Graph API (reference/whatsapp.md 5).
const channel::MediaCalls& media_calls();

}  // namespace flowsell::whatsapp
