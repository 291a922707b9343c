#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "messaging/message_table.h"

namespace flowsell::messaging {

/// A message whose first attempt begins, as a slot of begun_messages holds it: what its row in
/// messages will have, but for the steps to come.
void pack_begun(const MessageRow& row, std::string& out);

/// nullopt: it is not what pack_begun() made.
std::optional<MessageRow> unpack_begun(std::string_view packed);

}  // namespace flowsell::messaging
