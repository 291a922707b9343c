#pragma once

#include <string_view>

#include "json/json.h"
#include "json/writer.h"

namespace flowsell::whatsapp {

/// Writes what a message of a type says, in our form: "text":{"body":"Hello"}. False, and what was
/// written is not to be used, when the type is not known or the payload is not what it promises.
bool write_payload(json::Writer& out, const json::Object& message, std::string_view type);

/// What it answers, forwards or asks about; nothing where it does none of that.
void write_context(json::Writer& out, const json::Object& message);
/// The ad or post by which the person came.
void write_referral(json::Writer& out, const json::Object& message);
/// Why a part of it is missing: "errors":[{"code","provider":{...},"detail"}].
void write_errors(json::Writer& out, const json::Object& message);

/// The provider's id of the message replied to; empty when `message` is no reply. Forwarded
/// messages have a context, too, but without an id.
std::string_view replied_to(const json::Object& message);

}  // namespace flowsell::whatsapp
