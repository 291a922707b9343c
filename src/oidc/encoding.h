#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace flowsell::oidc {

using Parameter = std::pair<std::string_view, std::string_view>;
/// "a=1&b=2", percent-encoded. A parameter without a value is left out.
std::string form(std::initializer_list<Parameter> parameters);
/// `url` with more parameters behind those it has (RFC 6749, section 3.1).
std::string with_query(std::string url, std::string_view parameters);

}  // namespace flowsell::oidc
