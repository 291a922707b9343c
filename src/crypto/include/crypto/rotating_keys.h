#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "core/error.h"
#include "core/time.h"
#include "crypto/seal.h"

namespace flowsell::crypto {

struct RotatingKeysOptions {
  std::filesystem::path folder;  ///< created 0700; must lie on the same disk as the database
  std::string name;              ///< "spool", "fingerprint": the head of its files' names
  std::chrono::hours period{1};  ///< a new key each
  std::chrono::hours life{
      25};  ///< after its period began plus this, a key is destroyed: overwritten, unlinked, synced
};

/// Keys that time makes and destroys. What was sealed under a destroyed key is gone for good,
/// wherever its bytes still lie. One file a key (0600), written, fsynced and its folder fsynced
/// before the key is first used, so that a power cut can't leave sealed rows whose key was never
/// stored. Thread-safe; current() is cheap within a period.
class RotatingKeys {
 public:
  struct Named {
    std::uint32_t id = 0;  ///< the number of the period since 1970
    Key key;
  };
  /// Reads the folder. Fails with kInternal: unreadable folder, a file of wrong size or open to
  /// other users.
  static Result<std::unique_ptr<RotatingKeys>> open(RotatingKeysOptions options, Time now);

  /// The key of `now`'s period, made when there is none.
  Result<Named> current(Time now);
  std::optional<Key> find(std::uint32_t id) const;
  /// Destroys every key whose life is over; returns how many.
  std::size_t destroy_expired(Time now);

  std::uint32_t period_of(Time t) const;

 private:
  explicit RotatingKeys(RotatingKeysOptions options) : options_(std::move(options)) {}
  Result<> load(Time now);
  Result<Key> create(std::uint32_t id);
  std::filesystem::path file_of(std::uint32_t id) const;

  RotatingKeysOptions options_;
  std::mutex files_mutex_;  ///< held while files are made or destroyed; taken before mutex_
  mutable std::shared_mutex mutex_;  ///< guards keys_
  std::map<std::uint32_t, Key> keys_;
};

}  // namespace flowsell::crypto
