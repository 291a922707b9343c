#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/sensitive.h"
#include "crypto/hash.h"
#include "identity/caller.h"

namespace flowsell::identity {

/// The text of an API key: "fsk_test_" or "fsk_live_", 8 characters that name it, 32 that are
/// secret, and a CRC-32 in 6 characters of base62 over all before, so that a typo is refused
/// without a look-up.
struct ApiKeyText {
  static constexpr std::size_t kPrefixLength = 17;
  Mode mode;
  std::string_view prefix;  ///< "fsk_test_" and the 8 characters: stored and shown

  /// nullopt when the form or the checksum is wrong. Views into `text`.
  static std::optional<ApiKeyText> parse(std::string_view text);
  static Secret make(Mode mode);
};

}  // namespace flowsell::identity
