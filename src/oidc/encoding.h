#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace flowsell::oidc {

/// RFC 4648, section 5, without padding: how JOSE and PKCE write bytes.
std::string base64url_encode(std::span<const std::uint8_t> bytes);
/// nullopt unless `text` is what base64url_encode() gives for some bytes.
std::optional<std::string> base64url_decode(std::string_view text);

/// application/x-www-form-urlencoded. A space becomes %20, which readers of URLs and of forms
/// understand alike.
std::string form_encode(std::string_view text);
using Parameter = std::pair<std::string_view, std::string_view>;
/// "a=1&b=2". A parameter without a value is left out.
std::string form(std::initializer_list<Parameter> parameters);
/// `url` with more parameters behind those it has (RFC 6749, section 3.1).
std::string with_query(std::string url, std::string_view parameters);

}  // namespace flowsell::oidc
