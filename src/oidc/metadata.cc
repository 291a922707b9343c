#include "metadata.h"

#include <algorithm>

#include "fields.h"
#include "issuer.h"

namespace flowsell::oidc {
namespace {

using Endpoint = std::optional<http::Url>;

/// nullopt when it is not there.
Result<Endpoint> read_endpoint(const json::Object& document, std::string_view name,
                               const http::EgressGuard& guard) {
  if (!document.contains(name)) return std::nullopt;
  const auto text = text_of(document, name);
  Endpoint url = text ? parse_secure_url(*text, guard) : std::nullopt;
  if (!url) return fail(Fault::kDiscoveryInvalid, name);
  return url;
}

Result<http::Url> require_endpoint(const json::Object& document, std::string_view name,
                                   const http::EgressGuard& guard) {
  TRY(Endpoint url, read_endpoint(document, name, guard));
  if (!url) return fail(Fault::kDiscoveryInvalid, name);
  return *std::move(url);
}

Result<std::vector<Algorithm>> read_algorithms(const json::Object& document) {
  constexpr std::string_view kName = "id_token_signing_alg_values_supported";
  const json::Value* const value = document.if_contains(kName);
  const json::Array* const names = value == nullptr ? nullptr : value->if_array();
  if (names == nullptr) return fail(Fault::kDiscoveryInvalid, kName);
  std::vector<Algorithm> algorithms;
  for (const json::Value& each : *names) {
    const auto* const name = each.if_string();
    const auto algorithm = name == nullptr ? std::nullopt : algorithm_of(*name);
    if (algorithm && std::ranges::find(algorithms, *algorithm) == algorithms.end()) {
      algorithms.push_back(*algorithm);
    }
  }
  if (algorithms.empty()) return fail(Fault::kNoCommonAlgorithm);
  return algorithms;
}

Result<bool> read_sends_issuer(const json::Object& document) {
  constexpr std::string_view kName = "authorization_response_iss_parameter_supported";
  const json::Value* const value = document.if_contains(kName);
  if (value == nullptr) return false;
  // Whoever means "yes" and writes "true" must not lose the defence without a word.
  if (!value->is_bool()) return fail(Fault::kDiscoveryInvalid, kName);
  return value->get_bool();
}

}  // namespace

Result<Metadata> parse_metadata(std::string_view text, std::string_view issuer,
                                const http::EgressGuard& guard) {
  const auto document = json::parse(text, {.bytes_max = kDiscoveryBytesMax});
  const json::Object* const object = object_of(document);
  if (object == nullptr) return fail(Fault::kDiscoveryInvalid, "not a JSON object");
  const auto named = text_of(*object, "issuer");
  if (!named) return fail(Fault::kDiscoveryInvalid, "issuer");
  if (*named != issuer) return fail(Fault::kDiscoveryIssuer);

  Metadata metadata;
  TRY(const http::Url authorize, require_endpoint(*object, "authorization_endpoint", guard));
  metadata.authorization_endpoint = authorize.str();
  TRY(metadata.token_endpoint, require_endpoint(*object, "token_endpoint", guard));
  TRY(metadata.jwks_uri, require_endpoint(*object, "jwks_uri", guard));
  TRY(metadata.userinfo_endpoint, read_endpoint(*object, "userinfo_endpoint", guard));
  TRY(const Endpoint logout, read_endpoint(*object, "end_session_endpoint", guard));
  if (logout) metadata.end_session_endpoint = logout->str();
  TRY(metadata.algorithms, read_algorithms(*object));
  TRY(metadata.sends_issuer, read_sends_issuer(*object));
  return metadata;
}

}  // namespace flowsell::oidc
