#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/time.h"
#include "crypto/seal.h"

namespace flowsell::crypto {

struct RotatingKeysOptions {
  std::filesystem::path folder;  ///< created 0700; must lie on the same disk as the database
  std::string name;              ///< "spool", "fingerprint": the head of its file's name
  std::chrono::hours period{1};  ///< a new key each
  std::chrono::hours life{
      25};  ///< after its period began plus this, a key is destroyed, and can't be derived any more
};

/// Keys that time makes and destroys. What was sealed under a destroyed key is gone for good,
/// wherever its bytes still lie.
///
/// They are a chain: a secret state for each period, from which its key and the next period's state
/// are derived, and no earlier one can be. One file (0600) holds the oldest state that is still
/// needed. So all who have a copy of the file have the same keys, and need not talk to each other;
/// each forgets for itself. Thread-safe; current() and find() don't touch the disk.
class RotatingKeys {
 public:
  struct Named {
    std::uint32_t id = 0;  ///< the number of the period since 1970
    Key key;
  };
  /// Reads the chain, or begins one, which is on disk (file and folder synced) afterwards. Where
  /// several processes begin one in the same folder, all get the same. Fails with kInternal:
  /// unreadable folder, a file of wrong form or open to other users.
  static Result<std::unique_ptr<RotatingKeys>> open(RotatingKeysOptions options, Time now);

  /// The key of `now`'s period; the oldest there is when the clock has gone back behind it.
  Named current(Time now);
  /// nullopt: destroyed, or of a time that is not yet.
  std::optional<Key> find(std::uint32_t id) const;
  /// Destroys every key whose life is over: the file is replaced, its old bytes overwritten. So is
  /// what a crash, or an earlier version, left in the folder.
  /// Returns how many; where the file can't be replaced none, and it is to be called again.
  std::size_t destroy_expired(Time now);

  /// What only those can compute for a period who have this chain; it tells nothing of its keys.
  /// nullopt as of find().
  std::optional<std::array<std::uint8_t, 16>> check_value(std::uint32_t id) const;
  std::uint32_t period_of(Time t) const;

 private:
  struct Link {
    Key state;
    Key key;
  };

  explicit RotatingKeys(RotatingKeysOptions options) : options_(std::move(options)) {}
  Result<> load(Time now);
  Result<> read_or_begin(Time now);
  bool is_over(std::uint32_t id, Time now) const;
  bool is_leftover(const std::filesystem::path& path, Time now) const;
  Result<> destroy_leftovers(Time now);
  std::size_t advance(Time now);
  bool store(std::uint32_t oldest, const Key& state) const;
  /// The link of a period that may be known; nullptr where it may not. A lock is held.
  const Link* link_of(std::uint32_t id) const;
  /// Derives as far as `id`. The lock is held for writing.
  void extend(std::uint32_t id) const;
  void note_time(Time now);
  std::filesystem::path file() const;

  const RotatingKeysOptions options_;
  std::mutex file_mutex_;  ///< held while the file is replaced; taken before mutex_
  mutable std::shared_mutex mutex_;
  std::uint32_t oldest_ = 0;         ///< the period of the first link
  std::uint32_t newest_ = 0;         ///< the latest that a caller's clock has shown
  mutable std::vector<Link> links_;  ///< as many as were needed so far, one at least
};

}  // namespace flowsell::crypto
