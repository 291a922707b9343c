#pragma once

#include <string_view>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "metering/idempotency.h"

namespace flowsell::metering {

/// Of the body's hash, not of the body: it is made again in the one thread that writes.
inline std::array<std::uint8_t, 16> fingerprint_of(const crypto::Key& key,
                                                   const crypto::Digest& body) {
  return crypto::head_of<16>(crypto::keyed_hash(key.bytes(), {as_text(body)}));
}

/// Whether a call's body is the one whose fingerprint was stored on `day`.
inline Result<bool> has_same_body(const crypto::RotatingKeys& keys, const IdempotentCall& call,
                                  std::int64_t day, std::string_view stored) {
  if (day == call.day) return crypto::constant_time_equal(stored, as_text(call.fingerprint));
  const auto key = keys.find(static_cast<std::uint32_t>(day));
  if (!key)
    return fail(ErrorCode::kInternal, "the fingerprint key of an idempotency key is missing");
  return crypto::constant_time_equal(stored, as_text(fingerprint_of(*key, call.body)));
}

}  // namespace flowsell::metering
