#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "channel/template_calls.h"
#include "json/json.h"

namespace flowsell::whatsapp {

inline constexpr std::size_t kTemplateHeaderMax = 60;
inline constexpr std::size_t kTemplateBodyMax = 1024;
/// Of a template that is a body and nothing else, with its variables filled.
inline constexpr std::size_t kTemplateBodyAloneMax = 32'768;
inline constexpr std::size_t kTemplateUrlMax = 2000;
inline constexpr std::size_t kTemplateCardBodyMax = 160;
inline constexpr std::size_t kTemplateCodeMax = 15;
inline constexpr std::size_t kCouponCodeMax = 20;  ///< Meta's page of December 2025; 15 before

/// "OTP" of a button, or the URL that Meta makes of one.
bool is_code_button(const json::Object& button);
/// "COPY_CODE", ...: of such a button; empty: it does not say.
std::string otp_type_of(const json::Object& button);

/// What a template needs of a message, by Meta's list of its components. nullopt: it is none.
std::optional<channel::TemplateSchema> template_schema(const channel::ProviderTemplate& of);

}  // namespace flowsell::whatsapp
