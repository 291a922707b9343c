#pragma once

#include <optional>
#include <string_view>

#include "channel/updates.h"
#include "json/json.h"

namespace flowsell::whatsapp {

/// The sender that a "messages" change is about, with what stands beside its messages.
struct ChangeContext {
  std::string_view address;               ///< phone-number id
  const json::Array* contacts = nullptr;  ///< may be missing
  Time now;
};

/// One element of "messages". What we do not render yet, or can't, becomes an UnknownUpdate named
/// "messages/<type>".
channel::Update read_inbound(const json::Object& message, const ChangeContext& change);

/// Meta's time: unix seconds as a string (messages, statuses) or an integer (entries). nullopt when
/// it is neither.
std::optional<Time> read_time(const json::Object& object, std::string_view name);

/// `name` where it looks like one of Meta's names, else "other": an envelope must carry no text of
/// a person.
std::string_view safe_name(std::string_view name);

}  // namespace flowsell::whatsapp
