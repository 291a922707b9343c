#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "core/time.h"
#include "store/database.h"

namespace flowsell::store {

/// One table, `restores`: which backups this database went through. Every backup carries the row of
/// the restore that it may be used for (an *epoch*), so that a server that starts on it knows,
/// however the file came there. See docs/decisions/0014-backups.md.
std::span<const Migration> restore_migrations();

/// A restore of this database, or, in a backup, the one that is to come.
struct Restore {
  std::int64_t epoch = 0;   ///< counts the restores that led here, from 1
  Time backup_at;           ///< all that was acknowledged before is in it; 1970: not known
  Time restored_at;         ///< what is older was in the backup
  bool is_settled = false;  ///< what the backup left unfinished has been dealt with
  friend bool operator==(const Restore&, const Restore&) = default;
};

/// For the start of a server: the last restore; nullopt where there was none. Of a backup that came
/// here without `connectd restore` the restore begins now.
Result<std::optional<Restore>> find_restore(Database& db, Time now);

/// What the backup left unfinished has been dealt with: it is not looked for again. `also` writes
/// in the same transaction.
Result<> settle_restore(Database& db, Time now, const std::function<Result<>(Connection&)>& also);

}  // namespace flowsell::store
