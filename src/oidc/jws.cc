#include "jws.h"

#include <algorithm>

#include "core/encoding.h"
#include "fields.h"

namespace flowsell::oidc {
namespace {

constexpr std::size_t kTokenBytesMax = 64 * 1024;
constexpr std::size_t kHeaderBytesMax = 8 * 1024;
constexpr std::size_t kKeyIdBytesMax = 512;

struct Parts {
  std::string_view header, payload, signature;
};

std::optional<Parts> cut(std::string_view token) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  if (token.find('.', first + 1) != last) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1),
               token.substr(last + 1)};
}

/// An ID token says "JWT" or nothing. Other types (at+jwt, logout+jwt) are signed by the same keys
/// for other ends (RFC 8725, section 3.11).
bool is_id_token_type(const json::Object& header) {
  if (!header.contains("typ")) return true;
  const auto type = text_of(header, "typ");
  return type && equals_ignoring_case(*type, "JWT");
}

Result<> read_header(const json::Object& header, std::span<const Algorithm> allowed, Jws& jws) {
  const auto name = text_of(header, "alg");
  if (!name) return fail(Fault::kTokenMalformed, "alg");
  const auto algorithm = algorithm_of(*name);
  if (!algorithm || std::ranges::find(allowed, *algorithm) == allowed.end()) {
    return fail(Fault::kTokenAlgorithm);
  }
  jws.algorithm = *algorithm;
  // It names extensions that must be understood (RFC 7515, section 4.1.11): none is.
  if (header.contains("crit")) return fail(Fault::kTokenMalformed, "crit");
  if (!is_id_token_type(header)) return fail(Fault::kTokenMalformed, "typ");
  if (header.contains("kid")) {
    const auto kid = text_of(header, "kid");
    if (!kid || kid->size() > kKeyIdBytesMax) return fail(Fault::kTokenMalformed, "kid");
    jws.kid = *kid;
  }
  return {};
}

}  // namespace

std::optional<Algorithm> algorithm_of(std::string_view name) noexcept {
  if (name == "RS256") return Algorithm::kRs256;
  if (name == "PS256") return Algorithm::kPs256;
  if (name == "ES256") return Algorithm::kEs256;
  if (name == "EdDSA") return Algorithm::kEdDsa;
  return std::nullopt;
}

Result<Jws> parse_jws(std::string_view token, std::span<const Algorithm> allowed) {
  if (token.size() > kTokenBytesMax) return fail(Fault::kTokenMalformed, "too long");
  const auto parts = cut(token);
  if (!parts) return fail(Fault::kTokenMalformed, "not three parts");
  const auto header_text = base64url_decode(parts->header);
  if (!header_text) return fail(Fault::kTokenMalformed, "header");
  const auto document = json::parse(*header_text, {.bytes_max = kHeaderBytesMax});
  const json::Object* const header = object_of(document);
  if (header == nullptr) return fail(Fault::kTokenMalformed, "header");

  Jws jws;
  CHECK_OK(read_header(*header, allowed, jws));
  auto payload = base64url_decode(parts->payload);
  auto signature = base64url_decode(parts->signature);
  if (!payload || !signature) return fail(Fault::kTokenMalformed, "base64");
  jws.payload = *std::move(payload);
  jws.signature = *std::move(signature);
  jws.signing_input = token.substr(0, parts->header.size() + 1 + parts->payload.size());
  return jws;
}

}  // namespace flowsell::oidc
