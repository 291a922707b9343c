#pragma once

#include "core/error.h"
#include "errors.h"
#include "json/json.h"

namespace flowsell::whatsapp {

/// Reads the object that Meta puts under "error" (an answer) or into "errors" (a webhook); its
/// shapes stand in reference/whatsapp.md section 2.1. `code` must have been found already; `row` is
/// what it means.
ProviderError read_provider_error(const json::Object& error, std::int64_t code,
                                  const ErrorRow& row);

}  // namespace flowsell::whatsapp
