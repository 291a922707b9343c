#include "passkey_body.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/encoding.h"

namespace flowsell::api {
namespace {

// In characters of base64url.
constexpr json::StringRule kId{1, 1364};
constexpr json::StringRule kClientData{1, 11'000};
constexpr json::StringRule kAttestation{1, 50'000};
constexpr json::StringRule kAuthenticatorData{1, 11'000};
constexpr json::StringRule kSignature{1, 2'000};
constexpr json::StringRule kUserHandle{1, 86};
constexpr std::size_t kTransportsMax = 16;

std::string bytes_in(json::ObjectReader& in, std::string_view name, json::StringRule rule) {
  const auto text = in.required_string(name, rule);
  if (!text) return {};
  auto bytes = base64url_decode(*text);
  if (bytes) return *std::move(bytes);
  in.fault(name, "invalid_format", "it is not base64url without padding",
           "Send what PublicKeyCredential.toJSON() gives.");
  return {};
}

/// A name that a list may hold, with commas between.
bool is_transport(std::string_view text) {
  constexpr std::size_t kLengthMax = 32;
  return !text.empty() && text.size() <= kLengthMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// Names that we don't know too, as the standard asks.
std::vector<std::string> transports_in(json::ObjectReader& in) {
  std::vector<std::string> found;
  const json::Array* const list = in.array("transports", 0, kTransportsMax);
  if (list == nullptr) return found;
  for (const json::Value& each : *list) {
    const auto* const text = each.if_string();
    if (text != nullptr && is_transport(*text)) found.emplace_back(*text);
  }
  return found;
}

void check_type(json::ObjectReader& in) {
  const auto type = in.required_string("type");
  if (type && *type != "public-key")
    in.fault("type", "invalid_value", "the type is public-key", "Send a public key credential.");
}

/// Calls `read` with the credential's own fields and with those of its answer.
template <class Read>
void read_credential(json::ObjectReader& in, std::string_view name, Read read) {
  const json::Value* const value = in.require(name);
  if (value == nullptr) return;
  json::ObjectReader credential(*value, in.pointer_of(name), in.faults());
  if (!credential.is_object()) return;
  check_type(credential);
  const json::Value* const response = credential.require("response");
  if (response == nullptr) return;
  json::ObjectReader answer(*response, credential.pointer_of("response"), in.faults());
  if (answer.is_object()) read(credential, answer);
}

}  // namespace

passkeys::RegistrationAnswer registration_in(json::ObjectReader& in) {
  passkeys::RegistrationAnswer read;
  read_credential(in, "credential",
                  [&read](json::ObjectReader& credential, json::ObjectReader& answer) {
                    read.id = bytes_in(credential, "id", kId);
                    read.client_data = bytes_in(answer, "clientDataJSON", kClientData);
                    read.attestation_object = bytes_in(answer, "attestationObject", kAttestation);
                    read.transports = transports_in(answer);
                  });
  return read;
}

passkeys::AssertionAnswer assertion_in(json::ObjectReader& in) {
  passkeys::AssertionAnswer read;
  read_credential(
      in, "passkey", [&read](json::ObjectReader& credential, json::ObjectReader& answer) {
        read.id = bytes_in(credential, "id", kId);
        read.client_data = bytes_in(answer, "clientDataJSON", kClientData);
        read.authenticator_data = bytes_in(answer, "authenticatorData", kAuthenticatorData);
        read.signature = bytes_in(answer, "signature", kSignature);
        read.user_handle = bytes_in(answer, "userHandle", kUserHandle);
      });
  return read;
}

}  // namespace flowsell::api
