#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace flowsell::store {

/// A file system for SQLite on which the power can fail. What is written stays in memory, and
/// counts as on disk only once it is synced. At the cut each 512-byte sector of each write that was
/// not synced is on disk or not, as the seed says; so is each unsynced change of a file's length.
/// After the cut every call fails. Making, deleting and naming files takes effect at once, as
/// SQLite assumes of a synced folder.
///
///     PowerCutVfs disk({.seed = 7});
///     auto db = open_sqlite({.path = folder + "/a.db", .vfs = disk.name()});
///     disk.cut_at_step(500);      // or disk.cut_now()
///     ...                         // commits, until they fail
///     db.reset();
///     disk.write_survivors(other_folder);   // the files as they are after the power is back
///     disk.restore_power();                 // or: open_sqlite() again on the disk itself
///
/// The files' contents never reach the real folder; only SQLite's locks and shared memory do.
/// Thread-safe.
class PowerCutVfs {
 public:
  enum class Sync : std::uint8_t {
    kHonest,
    kIgnored,  ///< says "synced" and does nothing: to prove that a test notices what is lost
  };
  struct Options {
    std::uint64_t seed = 1;
    Sync sync = Sync::kHonest;
  };

  /// Registers itself with SQLite under name().
  explicit PowerCutVfs(Options options);
  /// To be destroyed after the last connection that uses it.
  ~PowerCutVfs();
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;

  const std::string& name() const noexcept;

  /// The power fails at the `step`-th write, sync, truncation or deletion from now on, which is the
  /// first to fail.
  void cut_at_step(std::uint64_t step);
  void cut_now();
  bool is_cut() const;
  /// `fn` is called at the next cut, before the call that met it fails: on that call's thread, with
  /// the disk locked. It must be brief and not use the disk.
  void on_cut(std::function<void()> fn);
  /// Writes, syncs, truncations and deletions so far.
  std::uint64_t steps() const;

  /// The next `count` syncs fail, as of a broken disk, and what they should have synced stays
  /// unsynced.
  void fail_syncs(std::uint64_t count);

  /// The next `count` writes fail, as of a full disk, and write nothing.
  void fail_writes(std::uint64_t count);
  /// Writes so far that did not fail, to all files.
  std::uint64_t writes() const;

  /// Writes what is on disk after the cut to files of the same names in `folder`, which exists.
  /// False: an I/O error.
  bool write_survivors(const std::string& folder) const;
  /// The power is back: the disk works again and holds what survived. Everything that was open must
  /// be closed by now.
  void restore_power();

  class Disk;  ///< private to the implementation, which SQLite calls through plain functions

 private:
  std::unique_ptr<Disk> disk_;
};

}  // namespace flowsell::store
