#include "name.h"

#include "accounts/names.h"
#include "core/encoding.h"
#include "mail/address.h"

namespace flowsell::passkeys {

Result<std::string> checked_name(std::string_view text) {
  constexpr std::size_t kLengthMax = 100;
  text = accounts::trimmed(text);
  if (!text.empty() && count_code_points(text) <= kLengthMax && mail::is_one_line(text))
    return std::string(text);
  return fail_field("/name", "invalid_format", "a name is one line of 1 to 100 characters",
                    "Send what you call the device.");
}

}  // namespace flowsell::passkeys
