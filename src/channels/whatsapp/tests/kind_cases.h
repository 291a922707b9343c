#pragma once

#include <string>
#include <vector>

#include "check.h"
#include "support.h"

namespace flowsell::whatsapp {

/// "pointer code" of each fault that check() finds.
inline std::vector<std::string> faults_of(const std::string& body) {
  std::vector<std::string> out;
  const auto checked = check_message(message_of(body));
  if (checked) return out;
  for (const FieldError& fault : checked.error().fields)
    out.push_back(fault.pointer + " " + fault.code);
  return out;
}

/// `count` characters of three bytes each: limits count characters.
inline std::string letters(std::size_t count) { return "\"" + repeated(count, "अ") + "\""; }

struct KindCase {
  const char* name;
  std::string body;
  std::vector<std::string> faults;  ///< empty: within the limits
};

class CheckKind : public testing::TestWithParam<KindCase> {};

inline const auto kKindName = [](const auto& param_info) {
  return std::string(param_info.param.name);
};

}  // namespace flowsell::whatsapp
