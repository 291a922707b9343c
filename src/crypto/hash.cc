#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "core/random.h"
#include "sodium_ready.h"

namespace flowsell::crypto {
namespace {

constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kSha256Block = 64;

/// OpenSSL's own failures here mean that it is out of memory or has no SHA-256: nothing can go on.
void must(int openssl_result) {
  if (openssl_result != 1) std::abort();
}

const EVP_MD* sha256_method() {
  // EVP_sha256() would look the method up again for every digest, which costs more than hashing 300
  // bytes.
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (method == nullptr) std::abort();
  return method;
}

/// A digest in the making. One context a thread is reused, so that a digest allocates nothing.
class Sha256 {
 public:
  Sha256() : context_(this_threads_context()) {
    must(EVP_DigestInit_ex2(context_, sha256_method(), nullptr));
  }
  void add(std::string_view data) { must(EVP_DigestUpdate(context_, data.data(), data.size())); }
  Digest finish() {
    Digest digest;
    must(EVP_DigestFinal_ex(context_, digest.data(), nullptr));
    return digest;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  static EVP_MD_CTX* this_threads_context() {
    thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    if (!context) std::abort();
    return context.get();
  }
  EVP_MD_CTX* context_;
};

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

using Pad = std::array<std::uint8_t, kSha256Block>;

Pad padded_key(std::string_view key) {
  Pad pad{};
  if (key.size() > pad.size()) {
    const Digest shortened = sha256(key);
    std::ranges::copy(shortened, pad.begin());
  } else {
    std::ranges::copy(key, pad.begin());
  }
  return pad;
}

void xor_all(Pad& pad, std::uint8_t with) {
  for (std::uint8_t& byte : pad) byte = static_cast<std::uint8_t>(byte ^ with);
}

}  // namespace

class Sha256Stream::Context {
 public:
  Context() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr) std::abort();
    must(EVP_DigestInit_ex2(context_, sha256_method(), nullptr));
  }
  ~Context() { EVP_MD_CTX_free(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  EVP_MD_CTX* get() noexcept { return context_; }

 private:
  EVP_MD_CTX* context_;
};

Sha256Stream::Sha256Stream() : context_(std::make_unique<Context>()) {}
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::add(std::string_view data) {
  must(EVP_DigestUpdate(context_->get(), data.data(), data.size()));
}

Digest Sha256Stream::finish() {
  Digest digest{};
  must(EVP_DigestFinal_ex(context_->get(), digest.data(), nullptr));
  return digest;
}

Digest sha256(std::string_view data) {
  Sha256 hash;
  hash.add(data);
  return hash.finish();
}

Digest hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  // By hand, because EVP_MAC sets up two contexts a call and costs three times as much on short
  // texts.
  constexpr std::uint8_t kInner = 0x36;
  constexpr std::uint8_t kOuter = 0x5C;
  Pad pad = padded_key(key);
  xor_all(pad, kInner);
  Sha256 inner;
  inner.add(text_of(pad));
  for (const std::string_view part : parts) inner.add(part);
  const Digest inside = inner.finish();

  xor_all(pad, kInner ^ kOuter);
  Sha256 outer;
  outer.add(text_of(pad));
  outer.add(text_of(inside));
  OPENSSL_cleanse(pad.data(), pad.size());
  return outer.finish();
}

std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view data) {
  std::array<std::uint8_t, 20> digest{};
  unsigned int size = 0;
  const auto* const done =
      HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(), &size);
  must(done != nullptr && size == digest.size() ? 1 : 0);
  return digest;
}

Digest keyed_hash(std::span<const std::uint8_t, 32> key,
                  std::initializer_list<std::string_view> parts) {
  ensure_sodium();
  crypto_generichash_state state;
  Digest digest;
  crypto_generichash_init(&state, key.data(), key.size(), digest.size());
  for (const std::string_view part : parts) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                              part.size());
  }
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::uint32_t crc32(std::string_view data) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

std::string base62(std::uint64_t value, std::size_t width) {
  std::string out;
  for (; value > 0; value /= kBase62.size()) out.push_back(kBase62[value % kBase62.size()]);
  if (out.size() < width) out.append(width - out.size(), '0');
  std::ranges::reverse(out);
  return out;
}

std::string random_base62(std::size_t length) {
  // 248 is the largest multiple of 62 in a byte: higher bytes are drawn again, or low characters
  // would come oftener.
  constexpr std::uint8_t kFair = 248;
  std::string out;
  out.reserve(length);
  std::array<std::uint8_t, 32> random;
  while (out.size() < length) {
    fill_random(random);
    for (const std::uint8_t byte : random) {
      if (byte < kFair && out.size() < length) out.push_back(kBase62[byte % kBase62.size()]);
    }
  }
  OPENSSL_cleanse(random.data(), random.size());
  return out;
}

Secret random_token() { return Secret(random_base62(kTokenLength)); }

}  // namespace flowsell::crypto
