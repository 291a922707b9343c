#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/sensitive.h"
#include "crypto/seal.h"

namespace flowsell::crypto {

/// A key that others are derived from and wrapped under. There are two of the sort: the root key
/// (vault/), which does so with all that we have; and the master key, which wraps the root key and
/// nothing else, and lives in a file (0600), in the environment or with a key management service,
/// never in the database.
class KeyRing {
 public:
  /// Reads 64 hexadecimal digits from `file`; makes the file (0600, fsynced) when it is missing and
  /// `create` is set. Fails with kInternal, and says what to do, when it is missing, malformed, or
  /// readable by others than its owner.
  static Result<KeyRing> from_file(const std::filesystem::path& file, bool create);
  /// The same from the 64 digits themselves.
  static Result<KeyRing> from_hex(const Secret& hex);

  /// The same from what `command` prints: a client of a key management service. It runs in a shell,
  /// without the server's input, and its own words on stderr go where the server's do. Blocking, as
  /// long as it runs: for the start. Fails with kInternal when it does not end well or prints
  /// anything else.
  static Result<KeyRing> from_command(const std::string& command);
  static KeyRing random() { return KeyRing(Key::random()); }

  /// Tells keys apart, and says nothing of the key: "mk_" and 16 hexadecimal digits.
  std::string id() const;
  /// In constant time.
  friend bool operator==(const KeyRing& a, const KeyRing& b);

  /// A new workspace key, wrapped for the database; `workspace` (16 bytes) is bound to it.
  std::string wrap_new_key(std::string_view workspace) const;
  std::string wrap(std::string_view workspace, const Key& key) const;
  Result<Key> unwrap(std::string_view workspace, std::string_view wrapped) const;
  /// The same of a ring, for one name only.
  std::string wrap_ring(std::string_view name, const KeyRing& inner) const;
  Result<KeyRing> unwrap_ring(std::string_view name, std::string_view wrapped) const;
  /// A key for one purpose, derived from this one: "recipient-hash", ...
  Key derive(std::string_view purpose) const;

 private:
  explicit KeyRing(const Key& key) : key_(key) {}
  Key key_;
};

}  // namespace flowsell::crypto
