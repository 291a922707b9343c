#include "webhook/signature.h"

#include <array>

#include "core/encoding.h"
#include "core/random.h"
#include "crypto/hash.h"

namespace flowsell::webhook {
namespace {

constexpr std::string_view kHead = "whsec_";

}  // namespace

Secret make_signing_secret() {
  std::array<std::uint8_t, 32> bytes;
  fill_random(bytes);
  return Secret(std::string(kHead) + base64_encode(bytes));
}

std::string sign(const Secret& secret, std::string_view id, Time attempt_at,
                 std::string_view body) {
  const Secret key(base64_decode(secret.reveal().substr(kHead.size())).value_or(""));
  const std::string timestamp = std::to_string(to_unix_ms(attempt_at) / 1000);
  const auto digest = crypto::hmac_sha256(key.reveal(), {id, ".", timestamp, ".", body});
  return "v1," + base64_encode(digest);
}

std::string sign_as_graph(const Secret& secret, std::string_view body) {
  return "sha256=" + hex_encode(crypto::hmac_sha256(secret.reveal(), {body}));
}

}  // namespace flowsell::webhook
