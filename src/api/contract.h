#pragma once

#include <string_view>

namespace flowsell::api {

/// openapi/openapi.yaml as it was when this program was built.
std::string_view openapi_yaml();

}  // namespace flowsell::api
