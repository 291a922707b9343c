#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oidc/fault.h"
#include "oidc/id_token.h"

struct evp_pkey_st;

namespace flowsell::oidc::testing_support {

/// A provider's key pair, made once in a test run.
class TestKey {
 public:
  static const TestKey& rsa();
  static const TestKey& other_rsa();
  static const TestKey& short_rsa();  ///< 1024 bits
  static const TestKey& p256();
  static const TestKey& p384();
  static const TestKey& ed25519();

  /// The public half as JSON, with `more` members: R"("kid":"k1")".
  std::string jwk(std::string_view more = R"("kid":"k1")") const;
  /// One public member ("n", "x", ...) in base64url.
  std::string member(const std::string& name) const { return members_.at(name); }
  /// A signature in JOSE's form.
  std::string sign(std::string_view algorithm, std::string_view text) const;

 private:
  explicit TestKey(evp_pkey_st* key);
  std::shared_ptr<evp_pkey_st> key_;
  std::map<std::string, std::string> members_;
};

std::string key_set(const std::vector<std::string>& keys);

/// An ID token to be; values are JSON.
struct TokenDraft {
  std::map<std::string, std::string> header;
  std::map<std::string, std::string> payload;

  TokenDraft& claim(const std::string& name, std::string json);
  TokenDraft& without(const std::string& name);
  std::string signed_by(const TestKey& key, const std::string& algorithm = "RS256") const;
};

/// header.payload.signature of any texts, signed or not.
std::string compact(std::string_view header, std::string_view payload, std::string_view signature);
std::string signed_compact(std::string_view header, std::string_view payload, const TestKey& key,
                           std::string_view algorithm = "RS256");

/// The fault of a failure; nullopt of a success.
template <class T>
std::optional<Fault> fault_in(const Result<T>& result) {
  return result ? std::nullopt : fault_of(result.error());
}

}  // namespace flowsell::oidc::testing_support

namespace flowsell::oidc {
/// For GoogleTest.
void PrintTo(Fault fault, std::ostream* out);
}  // namespace flowsell::oidc
