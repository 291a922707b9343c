#pragma once

#include <memory>

#include "channel/adapter.h"
#include "core/sensitive.h"

namespace flowsell::whatsapp {

/// WhatsApp Business Cloud API (Graph API), by Meta. README.md beside this folder lists the
/// documents and quirks. Tokens are of the app whose secret is `app_secret`, and calls prove that
/// their caller has it (appsecret_proof); empty: they go without the proof.
std::unique_ptr<channel::Adapter> make_adapter(Secret app_secret = {});

}  // namespace flowsell::whatsapp
