#include "key_set.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fields.h"
#include "public_key.h"

namespace flowsell::oidc {
namespace {

/// Keys of different types may share a kid (RFC 7517, section 4.5). More of them than this would
/// only make us compute.
constexpr std::size_t kCandidatesMax = 4;
/// To read a key costs up to 50 us; real sets have about twenty.
constexpr std::size_t kReadMax = 64;

const json::Array* keys_of(const json::Document& document) {
  const json::Object* const object = document.root().if_object();
  const json::Value* const keys = object == nullptr ? nullptr : object->if_contains("keys");
  return keys == nullptr ? nullptr : keys->if_array();
}

std::string_view name_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return "RS256";
    case Algorithm::kPs256:
      return "PS256";
    case Algorithm::kEs256:
      return "ES256";
    case Algorithm::kEdDsa:
      return "EdDSA";
  }
  return {};
}

/// What the key itself says that it is for (RFC 7517, sections 4.2 to 4.4).
bool may_verify(const json::Object& jwk, Algorithm algorithm) {
  if (jwk.contains("use") && text_of(jwk, "use") != "sig") return false;
  if (jwk.contains("alg") && text_of(jwk, "alg") != name_of(algorithm)) return false;
  const json::Value* const operations = jwk.if_contains("key_ops");
  if (operations == nullptr) return true;
  const json::Array* const list = operations->if_array();
  return list != nullptr && std::ranges::any_of(*list, [](const json::Value& each) {
           const auto* const name = each.if_string();
           return name != nullptr && *name == "verify";
         });
}

struct Candidate {
  const json::Object* jwk;
  PublicKey key;
};

/// The keys that may have signed the token. A key that we can't read is passed over: it may be of a
/// kind that others use.
std::vector<Candidate> candidates_of(const json::Array& keys, const Jws& jws) {
  std::vector<Candidate> found;
  std::size_t read = 0;
  for (const json::Value& each : keys) {
    const json::Object* const jwk = each.if_object();
    if (jwk == nullptr || !may_verify(*jwk, jws.algorithm)) continue;
    if (jws.kid && text_of(*jwk, "kid") != *jws.kid) continue;
    if (++read > kReadMax) break;
    PublicKey key(jws.algorithm, *jwk);
    if (key.is_usable()) found.push_back({jwk, std::move(key)});
    if (found.size() == kCandidatesMax) break;
  }
  return found;
}

}  // namespace

Result<KeySet> KeySet::parse(std::string_view text) {
  auto document = json::parse(text, {.bytes_max = kKeySetBytesMax});
  if (!document || keys_of(*document) == nullptr) {
    return fail(Fault::kAnswerInvalid, "not a JWK Set");
  }
  return KeySet(*std::move(document));
}

Result<std::string> KeySet::verify(const Jws& jws) const {
  const std::vector<Candidate> candidates = candidates_of(*keys_of(document_), jws);
  // Where a set has several keys a token must name its own (Core 1.0, section 10.1): trying them
  // all would let any of them stand for any other.
  if (candidates.empty() || (!jws.kid && candidates.size() > 1)) {
    return fail(Fault::kTokenUnknownKey);
  }
  for (const Candidate& each : candidates) {
    if (each.key.verifies(jws.signing_input, jws.signature)) {
      return std::string(text_of(*each.jwk, "issuer").value_or(""));
    }
  }
  return fail(jws.kid ? Fault::kTokenSignature : Fault::kTokenUnknownKey);
}

}  // namespace flowsell::oidc
