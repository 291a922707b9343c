#include "head_lines.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

#include "audit/event.h"
#include "core/encoding.h"
#include "json/json.h"
#include "json/reader.h"
#include "json/writer.h"

namespace flowsell::audit {
namespace {

constexpr std::string_view kPurpose = "flowsell-connect/audit-head/1:";
constexpr std::string_view kSignatureKey = ",\"signature\":";
constexpr std::size_t kKeyNameBytes = 8;

static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(PublicKey));
static_assert(crypto_sign_BYTES == kSignatureBytes);
static_assert(crypto_sign_SEEDBYTES == sizeof(std::array<std::uint8_t, 32>));

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// It fails only where the machine has no randomness, and nothing may run there.
void ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) std::abort();
}

/// A key pair whose secret half is wiped.
struct Pair {
  explicit Pair(const crypto::Key& seed) {
    ensure_sodium();
    crypto_sign_seed_keypair(public_key.data(), secret.data(), seed.bytes().data());
  }
  ~Pair() { sodium_memzero(secret.data(), secret.size()); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  PublicKey public_key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
};

/// What tells a line's key from others.
std::string name_of(const PublicKey& key) {
  const auto digest = crypto::sha256(as_text(key));
  return hex_encode(std::span(digest).first(kKeyNameBytes));
}

/// A line up to its signature.
std::string unsigned_line(const SignedHead& head, std::string_view key_name) {
  json::Writer out;
  out.begin_object().key("scope").string(hex_encode(as_bytes(head.head.scope)));
  out.key("seq").integer(head.head.seq).key("hash").string(hex_encode(head.head.hash));
  out.key("at").string(format_time(head.at)).key("key").string(key_name);
  return std::move(out).take();
}

std::string signed_text(std::string_view unsigned_part) {
  return std::string(kPurpose).append(unsigned_part);
}

std::string end_of_line(std::string_view signature) {
  return std::string(kSignatureKey) + '"' + base64_encode(as_bytes(signature)) + "\"}";
}

struct Fields {
  SignedHead head;
  std::string key_name, signature;
};

std::optional<Fields> read_fields(std::string_view line) {
  const auto document = json::parse(line, {.bytes_max = kLineBytesMax, .depth_max = 2});
  if (!document) return std::nullopt;
  std::vector<FieldError> faults;
  json::ObjectReader in(document->root(), "", faults);
  const auto scope = hex_decode(in.required_string("scope").value_or(""));
  const auto seq = in.integer("seq", 1, std::numeric_limits<std::int64_t>::max());
  const auto hash = hex_decode(in.required_string("hash").value_or(""));
  const auto at = parse_time(in.required_string("at").value_or(""));
  const auto key_name = in.required_string("key");
  const auto signature = base64_decode(in.required_string("signature").value_or(""));
  in.finish();
  if (!faults.empty() || !scope || scope->size() != kScopeBytes || !seq || !hash || !at ||
      !signature)
    return std::nullopt;
  Fields fields{{{*scope, *seq}, *at}, std::string(*key_name), *signature};
  if (hash->size() != fields.head.head.hash.size()) return std::nullopt;
  std::ranges::copy(as_bytes(*hash), fields.head.head.hash.begin());
  return fields;
}

}  // namespace

HeadKey::HeadKey(const crypto::Key& seed) : seed_(seed), public_key_(Pair(seed).public_key) {}

std::string HeadKey::sign(std::string_view text) const {
  const Pair pair(seed_);
  std::string signature(kSignatureBytes, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, bytes_of(text),
                       text.size(), pair.secret.data());
  return signature;
}

bool is_signed_by(const PublicKey& key, std::string_view text, std::string_view signature) {
  ensure_sodium();
  return signature.size() == kSignatureBytes &&
         crypto_sign_verify_detached(bytes_of(signature), bytes_of(text), text.size(),
                                     key.data()) == 0;
}

std::string_view describe(BadLine::Why why) noexcept {
  switch (why) {
    case BadLine::Why::kUnreadable:
      return "it is not a signed head";
    case BadLine::Why::kUnknownKey:
      return "it was signed by a key that is not known";
    case BadLine::Why::kWrongSignature:
      return "its signature is wrong: it was changed";
    case BadLine::Why::kContradiction:
      return "it contradicts another line";
  }
  return "?";
}

std::string line_of(const SignedHead& head, const HeadKey& key) {
  const std::string text = unsigned_line(head, name_of(key.public_key()));
  return text + end_of_line(key.sign(signed_text(text))) + '\n';
}

std::expected<SignedHead, BadLine::Why> parse_line(std::string_view line,
                                                   std::span<const PublicKey> keys) {
  using Why = BadLine::Why;
  const auto fields = read_fields(line);
  if (!fields) return std::unexpected(Why::kUnreadable);
  const std::string text = unsigned_line(fields->head, fields->key_name);
  if (line != text + end_of_line(fields->signature)) return std::unexpected(Why::kUnreadable);
  const auto key = std::ranges::find(keys, fields->key_name, name_of);
  if (key == keys.end()) return std::unexpected(Why::kUnknownKey);
  if (!is_signed_by(*key, signed_text(text), fields->signature))
    return std::unexpected(Why::kWrongSignature);
  return fields->head;
}

void HeadLines::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    // Of a line that is too long only the beginning is kept.
    const auto room = kLineBytesMax + 1 - line_.size();
    line_.append(bytes.substr(0, std::min(end, room)));
    if (end == std::string_view::npos) return;
    end_line();
    bytes.remove_prefix(end + 1);
  }
}

void HeadLines::finish() {
  is_torn_ = !line_.empty() || !unsure_.empty();
  unsure_.clear();
}

void HeadLines::end_line() {
  ++lines_;
  auto head = parse_line(line_, keys_);
  if (!head && head.error() == BadLine::Why::kUnreadable) {
    if (!is_hopeless()) unsure_.push_back({lines_, head.error(), line_});
  } else {
    std::ranges::move(unsure_, std::back_inserter(bad_));
    unsure_.clear();
    head ? take(*std::move(head)) : take_bad(head.error());
  }
  line_.clear();
}

void HeadLines::take(SignedHead head) {
  const auto [known, is_new] = newest_.try_emplace(head.head.scope, head);
  if (is_new) return;
  const Head& before = known->second.head;
  if (head.head.seq == before.seq && head.head.hash != before.hash)
    return take_bad(BadLine::Why::kContradiction);
  if (head.head.seq > before.seq) known->second = std::move(head);
}

void HeadLines::take_bad(BadLine::Why why) {
  if (!is_hopeless()) bad_.push_back({lines_, why, line_});
}

}  // namespace flowsell::audit
