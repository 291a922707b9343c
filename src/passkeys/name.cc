#include "name.h"

#include "core/encoding.h"
#include "mail/address.h"

namespace flowsell::passkeys {

Result<std::string> checked_name(std::string_view text) {
  constexpr std::size_t kLengthMax = 100;
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (!text.empty() && count_code_points(text) <= kLengthMax && mail::is_one_line(text))
    return std::string(text);
  return fail_field("/name", "invalid_format", "a name is one line of 1 to 100 characters",
                    "Send what you call the device.");
}

}  // namespace flowsell::passkeys
