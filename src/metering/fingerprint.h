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

/// A call that took a key, as far as a later one with the same key is judged by it.
struct EarlierCall {
  std::int64_t day = 0;          ///< of the fingerprint's key
  std::string_view fingerprint;  ///< of the body
  IdBytes resource{};            ///< what it made; begins with the time
};

/// What a call with a known key is: kReplay, kReused or kUnverifiable. `restored_at`: what is older
/// was in a backup, and the fingerprint key of its day was not; that day may have another now.
inline IdempotencyVerdict::Kind compare(const crypto::RotatingKeys& keys,
                                        const IdempotentCall& call, const EarlierCall& earlier,
                                        Time restored_at) {
  using Kind = IdempotencyVerdict::Kind;
  std::optional<std::array<std::uint8_t, 16>> fingerprint;
  if (earlier.day == call.day) {
    fingerprint = call.fingerprint;
  } else if (const auto key = keys.find(static_cast<std::uint32_t>(earlier.day))) {
    fingerprint = fingerprint_of(*key, call.body);
  }
  if (!fingerprint) return Kind::kUnverifiable;
  if (crypto::constant_time_equal(earlier.fingerprint, as_text(*fingerprint))) return Kind::kReplay;
  return MessageId(earlier.resource).time() < restored_at ? Kind::kUnverifiable : Kind::kReused;
}

}  // namespace flowsell::metering
