#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "passkeys/ceremony.h"

struct evp_pkey_st;

namespace flowsell::passkeys::testing_support {

/// An authenticator and its browser in one, with one passkey. Each member says what it puts into
/// its answers.
class SoftAuthenticator {
 public:
  enum class Kind : std::uint8_t { kEs256, kEdDsa, kRs256, kEs384 };
  explicit SoftAuthenticator(Kind kind = Kind::kEs256);

  /// `challenge`: bytes.
  RegistrationAnswer make(std::string_view challenge) const;
  /// Counts, where it does.
  AssertionAnswer answer(std::string_view challenge);

  std::string public_key() const;  ///< COSE_Key

  std::string rp_id = "connect.example";
  std::string origin = "https://connect.example";
  std::string credential_id = "credential one";
  std::string user_handle;
  std::string format = "none";
  std::string client_data_more;  ///< behind the other members: R"(,"crossOrigin":true)"
  bool user_present = true;
  bool user_verified = true;
  bool backup_eligible = false;
  bool backed_up = false;
  std::uint32_t sign_count = 0;
  bool counts = true;

 private:
  std::string client_data(std::string_view type, std::string_view challenge) const;
  std::string authenticator_data(bool with_credential) const;
  std::string sign(std::string_view text) const;

  Kind kind_;
  std::shared_ptr<evp_pkey_st> key_;
};

// CBOR in its shortest form.
std::string cbor_head(unsigned major, std::uint64_t argument);
std::string cbor_integer(std::int64_t value);
std::string cbor_bytes(std::string_view bytes);
std::string cbor_text(std::string_view text);

}  // namespace flowsell::passkeys::testing_support
