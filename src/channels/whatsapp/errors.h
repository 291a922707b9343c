#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "channel/outcome.h"

namespace flowsell::whatsapp {

/// What one of Meta's error codes, or a range of them, means for us.
struct ErrorRow {
  std::int64_t first;
  std::int64_t last;        ///< the same as `first` but for ranges
  std::string_view reason;  ///< our stable name, promised to callers
  channel::RetryClass retry;
  channel::RetryScope scope;
  std::chrono::seconds wait;  ///< known time until it can work; 0: none known
  std::string_view fix;       ///< one sentence
};

/// The whole table, sorted, without overlap. Source: reference/whatsapp.md section 2.2.
std::span<const ErrorRow> error_table() noexcept;

/// The row of `code`; nullptr when Meta has added one that we do not know.
const ErrorRow* find_error(std::int64_t code) noexcept;

/// The row to act on. Code 100 ("invalid parameter") is told apart by its subcode; an unknown code
/// by `http_status` (0: none, it came in a webhook), as Meta asks: 429 and 5xx may pass, everything
/// else is final.
const ErrorRow& classify(std::int64_t code, std::int64_t subcode, int http_status) noexcept;

}  // namespace flowsell::whatsapp
