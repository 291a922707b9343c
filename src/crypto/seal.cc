#include "crypto/seal.h"

#include <sodium.h>

#include "core/random.h"
#include "sodium_ready.h"

namespace flowsell::crypto {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == sizeof(std::array<std::uint8_t, 32>));

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Key Key::random() {
  Key key;
  fill_random(key.bytes_);
  return key;
}

Key::~Key() { sodium_memzero(bytes_.data(), bytes_.size()); }

std::string seal(const Key& key, std::string_view bound_to, std::string_view plaintext) {
  ensure_sodium();
  std::string sealed(kNonceBytes + plaintext.size() + kTagBytes, '\0');
  unsigned char* const nonce = bytes_of(sealed);
  fill_random({nonce, kNonceBytes});
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonceBytes, nullptr, bytes_of(plaintext),
                                             plaintext.size(), bytes_of(bound_to), bound_to.size(),
                                             nullptr, nonce, key.bytes().data());
  return sealed;
}

Result<std::string> open(const Key& key, std::string_view bound_to, std::string_view sealed) {
  ensure_sodium();
  if (sealed.size() < kNonceBytes + kTagBytes) {
    return fail(ErrorCode::kInternal, "sealed data is cut short");
  }
  const std::string_view nonce = sealed.substr(0, kNonceBytes);
  const std::string_view ciphertext = sealed.substr(kNonceBytes);
  std::string plaintext(ciphertext.size() - kTagBytes, '\0');
  const int refused = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes_of(plaintext), nullptr, nullptr, bytes_of(ciphertext), ciphertext.size(),
      bytes_of(bound_to), bound_to.size(), bytes_of(nonce), key.bytes().data());
  if (refused != 0)
    return fail(ErrorCode::kInternal, "sealed data does not open with this key and binding");
  return plaintext;
}

}  // namespace flowsell::crypto
