#include "keys.h"

#include <algorithm>
#include <filesystem>

#include "metering/idempotency.h"

namespace flowsell::app {
namespace {

/// The longest that a message may wait: its ttl_seconds.
constexpr std::chrono::hours kMessageLife{24};

Result<crypto::KeyRing> key_ring(const config::Settings& settings) {
  const auto& security = settings.security;
  if (!security.master_key_command.empty())
    return crypto::KeyRing::from_command(security.master_key_command);
  if (!security.master_key.empty()) return crypto::KeyRing::from_hex(security.master_key);
  return crypto::KeyRing::from_file(std::filesystem::path(settings.data.dir) / "master.key", true);
}

}  // namespace

Result<Keys> open_keys(const config::Settings& settings, Time now) {
  const std::filesystem::path dir(settings.data.dir);
  auto ring = key_ring(settings);
  if (!ring) return std::unexpected(std::move(ring).error());
  // A key lives as long as anything that may still be sealed under it: what was sealed in the last
  // second of its hour.
  const auto content_life =
      std::max(kMessageLife, settings.content.retention) + std::chrono::hours(1);
  TRY(auto spool, crypto::RotatingKeys::open(
                      {dir / "keys", "spool", std::chrono::hours(1), content_life}, now));
  const auto fingerprint_life = metering::Idempotency::kKept + std::chrono::hours(24);
  TRY(auto fingerprint,
      crypto::RotatingKeys::open(
          {dir / "keys", "fingerprint", std::chrono::hours(24), fingerprint_life}, now));
  const crypto::Key contact = ring->derive("recipient-hash");
  return Keys{*std::move(ring), std::move(spool), std::move(fingerprint), contact};
}

}  // namespace flowsell::app
