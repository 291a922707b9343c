#include "keys.h"

#include <algorithm>
#include <filesystem>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "metering/idempotency.h"

namespace flowsell::app {
namespace {

/// The longest that a message may wait: its ttl_seconds.
constexpr std::chrono::hours kMessageLife{24};
/// The longest that any content may, whatever a replica's settings are.
constexpr std::chrono::hours kContentLifeMax{72 + 1};
constexpr std::chrono::hours kFingerprintLife =
    metering::Idempotency::kKept + std::chrono::hours(24);

Result<crypto::KeyRing> key_ring(const config::Settings& settings) {
  const auto& security = settings.security;
  if (!security.master_key_command.empty())
    return crypto::KeyRing::from_command(security.master_key_command);
  if (!security.master_key.empty()) return crypto::KeyRing::from_hex(security.master_key);
  return crypto::KeyRing::from_file(std::filesystem::path(settings.data.dir) / "master.key", true);
}

}  // namespace

Result<std::optional<crypto::KeyRing>> find_key_ring(const config::Settings& settings) {
  const bool is_set =
      !settings.security.master_key.empty() || !settings.security.master_key_command.empty();
  std::error_code error;
  if (!is_set &&
      !std::filesystem::exists(std::filesystem::path(settings.data.dir) / "master.key", error))
    return std::nullopt;
  TRY(auto ring, key_ring(settings));
  return std::optional(std::move(ring));
}

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
  TRY(auto fingerprint,
      crypto::RotatingKeys::open(
          {dir / "keys", "fingerprint", std::chrono::hours(24), kFingerprintLife}, now));
  const crypto::Key contact = ring->derive("recipient-hash");
  const crypto::Key peers = ring->derive("replicas");
  return Keys{*std::move(ring), std::move(spool), std::move(fingerprint), contact, peers};
}

std::vector<cluster::SharedKey> Keys::shared(Time now) const {
  const auto of_chain = [now](std::string name, crypto::RotatingKeys& keys,
                              std::chrono::hours life) {
    return cluster::SharedKey{
        std::move(name), keys.current(now).id, keys.period_of(now - life),
        [&keys](std::int64_t period) -> std::optional<std::string> {
          const auto value = keys.check_value(static_cast<std::uint32_t>(period));
          return value ? std::optional(std::string(as_text(*value))) : std::nullopt;
        }};
  };
  const auto of_master = [check = ring.derive("replicas")](std::int64_t /*period*/) {
    return std::optional(std::string(as_text(crypto::sha256(as_text(check.bytes())))));
  };
  return {{"master", 0, 0, of_master},
          of_chain("spool", *spool, kContentLifeMax),
          of_chain("fingerprint", *fingerprint, kFingerprintLife)};
}

}  // namespace flowsell::app
