#pragma once

#include <string>
#include <string_view>

#include "channel/updates.h"
#include "core/sensitive.h"

namespace flowsell::whatsapp {

/// Adapter::original(): Meta's own webhook of one element, or of one change where that is all one.
/// Its bytes are as Meta writes them, ready to be signed.
Content original_of(const channel::Source& source, std::string_view callback_data);
/// The same of a failure of ours: Meta's status "failed", without the recipient, who is not kept.
Content original_of(const channel::OwnFailure& failure);

/// JSON as Meta writes it: "\/" for "/", "\u00e9" for what is not ASCII, in lower case
/// (reference/whatsapp.md section 4.2).
std::string escaped_as_meta(std::string_view json);

}  // namespace flowsell::whatsapp
