#pragma once

#include "field_checks.h"
#include "message_log.h"

namespace flowsell::sim {

/// Meta's limits on the object that goes under the key named like the type.
Checked<> check_message_object(const Fields& message, MessageType type);
/// Exactly one of "id" and "link".
Checked<> check_media_source(const Fields& media);
/// The object "location" of `in`; in a template it has a name and an address.
Checked<> check_location(const Fields& in, bool needs_words);

}  // namespace flowsell::sim
