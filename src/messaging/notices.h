#pragma once

#include <string_view>

#include "channel/updates.h"
#include "connections/senders.h"
#include "webhook/event_type.h"

namespace flowsell::messaging {

/// The event that a notice becomes.
webhook::EventType event_of(channel::NoticeKind kind) noexcept;

/// Whether it tells of the sender itself, which is known by its address, or by its number.
bool is_of_sender(const channel::Notice& notice, const connections::Sender& sender);
/// What is stored of a notice in clear, as the inside of a JSON object: where it is about, the
/// person's mask, and what is nobody's words.
std::string body_of(const channel::Notice& notice, const connections::Sender& sender);
/// What is sealed: who it is, and the words. Empty where there is nothing of that.
Content content_of(channel::Notice& notice);

}  // namespace flowsell::messaging
