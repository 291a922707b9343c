#pragma once

#include <span>
#include <string_view>

namespace flowsell::mail {

struct BuiltInTemplate {
  std::string_view file;  ///< "verify_email.txt"
  std::string_view text;
};

/// The files of templates/, made into a source by embed_templates.cmake.
std::span<const BuiltInTemplate> built_in_templates() noexcept;

}  // namespace flowsell::mail
