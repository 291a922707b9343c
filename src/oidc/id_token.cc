#include "oidc/id_token.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "fields.h"
#include "issuer.h"
#include "jws.h"
#include "key_set.h"
#include "read_claims.h"

namespace flowsell::oidc {
namespace {

using namespace std::chrono_literals;

constexpr auto kLeeway = 60s;
constexpr std::size_t kPayloadBytesMax = 48 * 1024;  // what 64 kB of base64 hold

Result<std::string_view> require_text(const json::Object& payload, std::string_view name) {
  const auto text = text_of(payload, name);
  if (!text) return fail(Fault::kTokenMalformed, name);
  return *text;
}

Result<Time> require_time(const json::Object& payload, std::string_view name) {
  const json::Value* const value = payload.if_contains(name);
  const auto time = value == nullptr ? std::nullopt : time_of(*value);
  if (!time) return fail(Fault::kTokenMalformed, name);
  return *time;
}

/// Three things belong together: the token's tenant, its issuer, and the issuer that its key is
/// for. One of them alone is a tenant's own word.
Result<> check_tenant(const json::Object& payload, std::string_view issuer,
                      std::string_view key_issuer, std::string_view expected) {
  const auto tenant = text_of(payload, "tid");
  if (!tenant || !is_guid(*tenant)) return fail(Fault::kTokenTenant);
  if (issuer != with_tenant(expected, *tenant)) return fail(Fault::kTokenIssuer);
  if (issuer != with_tenant(key_issuer, *tenant)) return fail(Fault::kTokenTenant);
  return {};
}

Result<> check_issuer(const json::Object& payload, std::string_view key_issuer,
                      std::string_view expected) {
  TRY(const std::string_view issuer, require_text(payload, "iss"));
  if (has_tenant_template(expected)) return check_tenant(payload, issuer, key_issuer, expected);
  if (issuer != expected) return fail(Fault::kTokenIssuer);
  return {};
}

bool names(const json::Array& audiences, std::string_view client_id) {
  return std::ranges::any_of(audiences, [client_id](const json::Value& each) {
    const auto* const text = each.if_string();
    return text != nullptr && *text == client_id;
  });
}

/// A token for several must say whom it was made for: another audience could pass it on to us.
Result<> check_audience(const json::Object& payload, std::string_view client_id) {
  const json::Value* const audience = payload.if_contains("aud");
  if (audience == nullptr) return fail(Fault::kTokenMalformed, "aud");
  bool are_several = false;
  if (const json::Array* const list = audience->if_array()) {
    if (!names(*list, client_id)) return fail(Fault::kTokenAudience);
    are_several = list->size() > 1;
  } else if (text_of(payload, "aud") != client_id) {
    return fail(Fault::kTokenAudience);
  }
  if (!payload.contains("azp")) {
    return are_several ? Result<>(fail(Fault::kTokenAudience)) : Result<>();
  }
  if (text_of(payload, "azp") != client_id) return fail(Fault::kTokenAudience);
  return {};
}

Result<> check_times(const json::Object& payload, Time now) {
  TRY(const Time expires, require_time(payload, "exp"));
  TRY(const Time issued, require_time(payload, "iat"));
  if (now >= expires + kLeeway) return fail(Fault::kTokenExpired);
  if (issued > now + kLeeway) return fail(Fault::kTokenNotYetValid);
  if (!payload.contains("nbf")) return {};
  TRY(const Time begins, require_time(payload, "nbf"));
  if (begins > now + kLeeway) return fail(Fault::kTokenNotYetValid);
  return {};
}

Result<> check_nonce(const json::Object& payload, std::string_view nonce) {
  const auto text = text_of(payload, "nonce");
  if (nonce.empty() || !text || !crypto::constant_time_equal(*text, nonce)) {
    return fail(Fault::kTokenNonce);
  }
  return {};
}

/// The left half of the hash that the token's own algorithm uses: SHA-256, with Ed25519 SHA-512.
std::string half_hash(Algorithm algorithm, std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  const EVP_MD* const hash = algorithm == Algorithm::kEdDsa ? EVP_sha512() : EVP_sha256();
  EVP_Digest(text.data(), text.size(), digest.data(), &size, hash, nullptr);
  return base64url_encode(std::span(digest).first(size / 2));
}

/// Core 1.0, section 3.1.3.6.
Result<> check_access_hash(const json::Object& payload, Algorithm algorithm,
                           std::string_view access_token) {
  if (access_token.empty() || !payload.contains("at_hash")) return {};
  if (text_of(payload, "at_hash") != half_hash(algorithm, access_token)) {
    return fail(Fault::kTokenAccessHash);
  }
  return {};
}

}  // namespace

Result<Claims> verify_id_token(std::string_view token, std::string_view jwks,
                               const Expectations& expected) {
  TRY(const Jws jws, parse_jws(token, expected.algorithms));
  TRY(const KeySet keys, KeySet::parse(jwks));
  TRY(const std::string key_issuer, keys.verify(jws));

  const auto document = json::parse(jws.payload, {.bytes_max = kPayloadBytesMax});
  const json::Object* const payload = object_of(document);
  if (payload == nullptr) return fail(Fault::kTokenMalformed, "payload");
  CHECK_OK(check_issuer(*payload, key_issuer, expected.issuer));
  CHECK_OK(check_audience(*payload, expected.client_id));
  CHECK_OK(check_times(*payload, expected.now));
  CHECK_OK(check_nonce(*payload, expected.nonce));
  CHECK_OK(check_access_hash(*payload, jws.algorithm, expected.access_token));

  TRY(Claims claims, read_claims(*payload));
  if (has_tenant_template(expected.issuer)) claims.email_verified = false;
  return claims;
}

}  // namespace flowsell::oidc
