#pragma once

#include <memory>

#include "channel/adapter.h"

namespace flowsell::whatsapp {

/// WhatsApp Business Cloud API (Graph API), by Meta. README.md beside this folder lists the
/// documents and quirks.
std::unique_ptr<channel::Adapter> make_adapter();

}  // namespace flowsell::whatsapp
