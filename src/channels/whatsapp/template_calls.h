#pragma once

#include "channel/template_calls.h"

namespace flowsell::whatsapp {

/// Meta's calls about templates ("Message templates", "Template library", 2025 and 2026).
const channel::TemplateCalls& template_calls() noexcept;

}  // namespace flowsell::whatsapp
