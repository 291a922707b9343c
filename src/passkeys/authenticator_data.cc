#include "authenticator_data.h"

#include "cbor.h"

namespace flowsell::passkeys {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kModelBytes = 16;

// Flags (WebAuthn Level 3, section 6.1).
constexpr unsigned kUserPresent = 0x01;
constexpr unsigned kUserVerified = 0x04;
constexpr unsigned kBackupEligible = 0x08;
constexpr unsigned kBackedUp = 0x10;
constexpr unsigned kHasCredential = 0x40;
constexpr unsigned kHasExtensions = 0x80;

constexpr auto malformed() { return std::unexpected(Fault::kMalformed); }

/// Takes from the front; what is not there makes the whole unsound.
class Bytes {
 public:
  explicit Bytes(std::string_view all) : rest_(all) {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      is_sound_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  /// Big-endian.
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const char each : take(size)) value = value << 8 | static_cast<unsigned char>(each);
    return value;
  }
  /// One item of CBOR; empty where there is none.
  std::string_view item() {
    CborReader in(rest_);
    const auto found = in.item();
    if (!found) is_sound_ = false;
    return take(found.value_or(std::string_view()).size());
  }
  bool is_sound() const noexcept { return is_sound_; }
  bool is_at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_sound_ = true;
};

AuthenticatorData::Credential take_credential(Bytes& in) {
  in.take(kModelBytes);
  AuthenticatorData::Credential credential;
  credential.id = in.take(in.number(2));
  credential.public_key = in.item();
  return credential;
}

bool is_map(std::string_view item) { return CborReader(item).map().has_value(); }

}  // namespace

Checked<AuthenticatorData> parse_authenticator_data(std::string_view bytes) {
  Bytes in(bytes);
  AuthenticatorData data;
  data.rp_id_hash = in.take(kHashBytes);
  const unsigned flags = in.number(1);
  data.sign_count = in.number(4);
  data.user_present = (flags & kUserPresent) != 0;
  data.user_verified = (flags & kUserVerified) != 0;
  data.backup_eligible = (flags & kBackupEligible) != 0;
  data.backed_up = (flags & kBackedUp) != 0;
  if ((flags & kHasCredential) != 0) data.credential = take_credential(in);
  if ((flags & kHasExtensions) != 0 && !is_map(in.item())) return malformed();
  if (!in.is_sound() || !in.is_at_end()) return malformed();
  if (data.credential &&
      (data.credential->id.empty() || data.credential->id.size() > kCredentialIdBytesMax))
    return malformed();
  return data;
}

Checked<std::string_view> parse_attestation_object(std::string_view cbor) {
  CborReader in(cbor);
  const auto pairs = in.whole_map();
  if (!pairs) return malformed();
  std::optional<std::string_view> data;
  bool has_format = false;
  for (std::size_t i = 0; i < *pairs; ++i) {
    const auto key = in.text();
    if (!key) return malformed();
    if (*key == "authData") {
      data = in.byte_string();
      if (!data) return malformed();
    } else if (*key == "fmt") {
      has_format = in.text().has_value();
      if (!has_format) return malformed();
    } else if (!in.item()) {
      return malformed();
    }
  }
  if (!data || !has_format) return malformed();
  return *data;
}

}  // namespace flowsell::passkeys
