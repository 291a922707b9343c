#pragma once

#include <filesystem>
#include <optional>

#include "core/error.h"
#include "crypto/key_ring.h"

namespace flowsell::crypto {

/// The files of the master key in a data folder: master.key; while it is replaced also
/// master.key.next, which comes, and master.key.former, which goes; and master.key.refused, which
/// came while another one was on its way. All are 0600, and errors are as KeyRing::from_file() has
/// them. Blocking.
class MasterKeyFiles {
 public:
  explicit MasterKeyFiles(const std::filesystem::path& folder);

  /// `create`: makes it where it is missing.
  Result<KeyRing> current(bool create) const;
  /// nullopt: there is none.
  Result<std::optional<KeyRing>> next() const;
  /// The one that is there, or a new one. Fails with kConflict while the one before the current one
  /// is still kept: its rotation has not ended. One that was refused before is gone.
  Result<KeyRing> make_next() const;
  bool has_next() const;
  bool has_former() const;

  /// The next one becomes the current one, and that the former one. To be called again where it was
  /// cut short.
  Result<> take_next() const;
  /// The next one is set aside, as master.key.refused: another one is on its way.
  Result<> refuse_next() const;
  bool has_refused() const;
  /// The former one is not what the current one replaced: another rotation overtook this one's.
  Result<bool> has_older_former() const;
  /// Success when there is none.
  Result<> destroy_former() const;

 private:
  const std::filesystem::path current_;
  const std::filesystem::path next_;
  const std::filesystem::path former_;
  const std::filesystem::path refused_;
};

}  // namespace flowsell::crypto
