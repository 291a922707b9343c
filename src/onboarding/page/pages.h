#pragma once

#include <string_view>

namespace flowsell::onboarding {

// The files of this folder, as the build put them into the program. "@NAME@" in them is filled in.
std::string_view connect_html() noexcept;
std::string_view connect_style() noexcept;
std::string_view connect_script() noexcept;
std::string_view message_html() noexcept;

}  // namespace flowsell::onboarding
