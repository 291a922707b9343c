#include "crypto/key_ring.h"

#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "private_file.h"

namespace flowsell::crypto {
namespace {

constexpr std::size_t kHexDigits = 64;
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kFileBytesMax = 128;  // the digits, and the line end that an editor adds

void wipe(std::string& text) { sodium_memzero(text.data(), text.size()); }

std::string_view without_line_end(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Result<Key> key_from_bytes(std::string_view bytes) {
  std::array<std::uint8_t, 32> array;
  if (bytes.size() != array.size())
    return fail(ErrorCode::kInternal, "a wrapped key has a wrong size");
  std::ranges::copy(as_bytes(bytes), array.begin());
  Key key(array);
  sodium_memzero(array.data(), array.size());
  return key;
}

std::string binding_of(std::string_view workspace) {
  return "workspace-key:" + std::string(workspace);
}

std::string binding_of_ring(std::string_view name) { return "root-key:" + std::string(name); }

Result<> create_key_file(const std::filesystem::path& file) {
  if (file.has_parent_path()) CHECK_OK(create_private_folder(file.parent_path()));
  const Key fresh = Key::random();
  std::string digits = hex_encode(fresh.bytes()) + "\n";
  Result<> created = create_private_file(file, digits);
  wipe(digits);
  // Another process may have made it in the same moment; its key is as good, and the only one that
  // counts.
  std::error_code ec;
  if (!created && std::filesystem::exists(file, ec)) return {};
  return created;
}

/// Of digits that stood alone in a file or on a line; `text` is wiped.
Result<KeyRing> ring_of(std::string& text) {
  const Secret digits{std::string(without_line_end(text))};
  wipe(text);
  return KeyRing::from_hex(digits);
}

std::unexpected<Error> about_file(const std::filesystem::path& file, const Error& error) {
  return fail(ErrorCode::kInternal, "master key file " + file.string() + ": " + error.detail);
}

}  // namespace

Result<KeyRing> KeyRing::from_file(const std::filesystem::path& file, bool create) {
  std::error_code ec;
  if (!std::filesystem::exists(file, ec)) {
    if (!create) {
      return fail(ErrorCode::kInternal,
                  "master key file " + file.string() +
                      ": there is none. Restore it from where you keep it; without it what "
                      "the database holds sealed can't be read.");
    }
    if (Result<> created = create_key_file(file); !created)
      return about_file(file, created.error());
  }
  Result<std::string> text = read_private_file(file, kFileBytesMax);
  if (!text) return about_file(file, text.error());
  Result<KeyRing> ring = ring_of(*text);
  if (!ring) return about_file(file, ring.error());
  return ring;
}

Result<KeyRing> KeyRing::from_command(const std::string& command) {
  constexpr std::string_view kName = "the master key's command";
  std::FILE* const out = popen(("exec </dev/null; " + command).c_str(), "re");
  if (out == nullptr)
    return fail(ErrorCode::kInternal, std::string(kName) + " could not be started");
  std::string text(kFileBytesMax, '\0');
  std::setvbuf(out, nullptr, _IONBF, 0);  // no copy of the key in a buffer that nobody wipes
  text.resize(std::fread(text.data(), 1, text.size(), out));
  const int ended = pclose(out);
  Result<KeyRing> ring = ring_of(text);
  if (ended != 0)
    return fail(ErrorCode::kInternal, std::string(kName) + " failed: see what it says on stderr");
  if (!ring) return fail(ErrorCode::kInternal, std::string(kName) + ": " + ring.error().detail);
  return ring;
}

Result<KeyRing> KeyRing::from_hex(const Secret& hex) {
  std::optional<std::string> bytes;
  if (hex.size() == kHexDigits) bytes = hex_decode(hex.reveal());
  if (!bytes) {
    return fail(
        ErrorCode::kInternal,
        "the master key must be 64 hexadecimal digits; make one with: openssl rand -hex 32");
  }
  Result<Key> key = key_from_bytes(*bytes);
  wipe(*bytes);
  if (!key) return std::unexpected(std::move(key).error());
  return KeyRing(*key);
}

std::string KeyRing::wrap_new_key(std::string_view workspace) const {
  return wrap(workspace, Key::random());
}

std::string KeyRing::wrap(std::string_view workspace, const Key& key) const {
  return seal(derive("wrap-workspace-key"), binding_of(workspace), as_text(key.bytes()));
}

Result<Key> KeyRing::unwrap(std::string_view workspace, std::string_view wrapped) const {
  TRY(std::string bytes, open(derive("wrap-workspace-key"), binding_of(workspace), wrapped));
  Result<Key> key = key_from_bytes(bytes);
  wipe(bytes);
  return key;
}

std::string KeyRing::wrap_ring(std::string_view name, const KeyRing& inner) const {
  return seal(derive("wrap-root-key"), binding_of_ring(name), as_text(inner.key_.bytes()));
}

Result<KeyRing> KeyRing::unwrap_ring(std::string_view name, std::string_view wrapped) const {
  TRY(std::string bytes, open(derive("wrap-root-key"), binding_of_ring(name), wrapped));
  const Result<Key> key = key_from_bytes(bytes);
  wipe(bytes);
  if (!key) return std::unexpected(key.error());
  return KeyRing(*key);
}

std::string KeyRing::id() const {
  return "mk_" + hex_encode(std::span(derive("id").bytes()).first(kIdBytes));
}

bool operator==(const KeyRing& a, const KeyRing& b) {
  const auto& bytes = a.key_.bytes();
  return sodium_memcmp(bytes.data(), b.key_.bytes().data(), bytes.size()) == 0;
}

Key KeyRing::derive(std::string_view purpose) const {
  Digest digest = keyed_hash(key_.bytes(), {"flowsell-connect/", purpose});
  Key key(digest);
  sodium_memzero(digest.data(), digest.size());
  return key;
}

}  // namespace flowsell::crypto
