#pragma once

#include <optional>
#include <string_view>

#include "channel/outcome.h"
#include "messaging/message_table.h"

namespace flowsell::messaging {

/// An error that no provider gave, by its code: with what to do about it.
MessageError own_error(std::string_view code);
/// A provider's error.
MessageError error_of(const ProviderError& error);
/// What an outcome leaves behind; nullopt: it is no error.
std::optional<MessageError> error_of(const channel::Outcome& outcome);

}  // namespace flowsell::messaging
