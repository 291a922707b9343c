#pragma once

#include <string>

#include "channel/media_calls.h"

namespace flowsell::whatsapp {

/// What WhatsApp takes of files (reference/whatsapp.md 1.3, and 5 for samples and pictures).
const channel::MediaRule* media_rule(std::string_view mime_type, channel::MediaPurpose purpose);
/// A sticker that does not move may have 100 KB, one that does 500 KB.
std::size_t media_bytes_max(const channel::MediaRule& rule, std::string_view head);
std::string media_types(channel::MediaPurpose purpose);

}  // namespace flowsell::whatsapp
