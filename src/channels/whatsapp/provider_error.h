#pragma once

#include "core/error.h"
#include "errors.h"
#include "json/json.h"
#include "json/writer.h"

namespace flowsell::whatsapp {

/// Reads the object that Meta puts under "error" (an answer) or into "errors" (a webhook); its
/// shapes stand in reference/whatsapp.md section 2.1. `code` must have been found already; `row` is
/// what it means.
ProviderError read_provider_error(const json::Object& error, std::int64_t code,
                                  const ErrorRow& row);
/// The same of an element of "errors" in a webhook. Where no code is readable it is
/// "unknown_error".
ProviderError read_webhook_error(const json::Object& error);

/// Writes code, fix and the provider's numbers: what of an error is nobody's words.
void write_error_fields(json::Writer& out, const ProviderError& error);

/// The same as the object "error".
void write_error(json::Writer& out, const ProviderError& error);

}  // namespace flowsell::whatsapp
