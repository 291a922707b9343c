#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "json/json.h"
#include "jws.h"

namespace flowsell::oidc {

constexpr std::size_t kKeySetBytesMax = 256 * 1024;

/// A JWK Set (RFC 7517, section 5).
class KeySet {
 public:
  /// Fails with kAnswerInvalid.
  static Result<KeySet> parse(std::string_view text);

  /// The `issuer` member of the key that signed the token, which is Microsoft's own addition to a
  /// JWK; empty where it has none. Fails with kTokenUnknownKey or kTokenSignature.
  Result<std::string> verify(const Jws& jws) const;

 private:
  explicit KeySet(json::Document document) : document_(std::move(document)) {}
  json::Document document_;
};

}  // namespace flowsell::oidc
