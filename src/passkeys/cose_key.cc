#include "cose_key.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "cbor.h"

namespace flowsell::passkeys {
namespace {

// Labels and values of COSE_Key (RFC 9052, section 7; RFC 9053, section 7; RFC 8230).
constexpr std::int64_t kKeyType = 1;
constexpr std::int64_t kAlgorithm = 3;
constexpr std::int64_t kOkp = 1;
constexpr std::int64_t kEc2 = 2;
constexpr std::int64_t kRsa = 3;
constexpr std::int64_t kP256 = 1;
constexpr std::int64_t kEd25519 = 6;

/// What stands under the labels that are of use, each one item of CBOR; empty where it is not
/// there. What -1 to -3 mean depends on the type.
struct Fields {
  std::string_view type, algorithm, minus1, minus2, minus3;

  std::string_view* at(std::int64_t label) {
    switch (label) {
      case kKeyType:
        return &type;
      case kAlgorithm:
        return &algorithm;
      case -1:
        return &minus1;
      case -2:
        return &minus2;
      case -3:
        return &minus3;
      default:
        return nullptr;
    }
  }
};

std::optional<std::int64_t> integer_of(std::string_view item) { return CborReader(item).integer(); }
std::optional<std::string_view> bytes_of(std::string_view item) {
  return CborReader(item).byte_string();
}

std::optional<Fields> read_fields(std::string_view cose) {
  CborReader in(cose);
  const auto pairs = in.whole_map();
  if (!pairs) return std::nullopt;
  Fields fields;
  for (std::size_t i = 0; i < *pairs; ++i) {
    const auto label = in.integer();
    const auto value = in.item();
    if (!label || !value) return std::nullopt;
    if (std::string_view* const field = fields.at(*label)) *field = *value;
  }
  return fields;
}

using Key = std::optional<crypto::PublicKey>;

Key p256_key(const Fields& fields) {
  const auto x = bytes_of(fields.minus2);
  const auto y = bytes_of(fields.minus3);
  if (integer_of(fields.minus1) != kP256 || !x || !y) return std::nullopt;
  return crypto::PublicKey::p256(*x, *y);
}

Key ed25519_key(const Fields& fields) {
  const auto x = bytes_of(fields.minus2);
  if (integer_of(fields.minus1) != kEd25519 || !x) return std::nullopt;
  return crypto::PublicKey::ed25519(*x);
}

Key rsa_key(const Fields& fields) {
  const auto n = bytes_of(fields.minus1);
  const auto e = bytes_of(fields.minus2);
  if (!n || !e) return std::nullopt;
  return crypto::PublicKey::rsa(*n, *e);
}

struct Kind {
  std::int64_t algorithm, type;
  crypto::SignatureScheme scheme;
  Key (*make)(const Fields&);
};
constexpr Kind kKinds[] = {
    {kEs256, kEc2, crypto::SignatureScheme::kEcdsaSha256, &p256_key},
    {kEdDsa, kOkp, crypto::SignatureScheme::kEd25519, &ed25519_key},
    {kRs256, kRsa, crypto::SignatureScheme::kRsaPkcs1Sha256, &rsa_key},
};

}  // namespace

Checked<CoseKey> CoseKey::parse(std::string_view cose) {
  const auto fields = read_fields(cose);
  if (!fields) return std::unexpected(Fault::kMalformed);
  for (const Kind& kind : kKinds) {
    if (integer_of(fields->algorithm) != kind.algorithm || integer_of(fields->type) != kind.type)
      continue;
    auto key = kind.make(*fields);
    if (!key) break;
    return CoseKey(*std::move(key), kind.scheme);
  }
  return std::unexpected(Fault::kUnsupportedKey);
}

}  // namespace flowsell::passkeys
