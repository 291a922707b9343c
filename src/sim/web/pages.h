#pragma once

#include <string_view>

namespace flowsell::sim {

// The files of this folder, as the build put them into the program.
std::string_view sdk_script() noexcept;
std::string_view signup_page() noexcept;
std::string_view phone_page() noexcept;

}  // namespace flowsell::sim
