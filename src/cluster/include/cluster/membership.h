#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "cluster/view.h"
#include "core/error.h"
#include "core/time.h"
#include "store/database.h"

namespace flowsell::cluster {

struct MembershipOptions {
  /// Where the others reach this replica, and nobody but it: one that had the same address before
  /// is taken for dead.
  std::string address;
  std::size_t cells = 1;  ///< into how many a new database is divided; an old one knows
  /// A replica that has not beaten for so long loses its cells.
  std::chrono::milliseconds lease{2500};
};

/// This process among those that share a database: who is there, and who has which cell.
///
/// A replica beats at least once in kBeat. One whose beat the others have not seen change for a
/// lease is taken out of the table of replicas, and its cells are free. It knows earlier than they
/// that its lease is over (holds_lease()), since it counts from before its last beat was stored.
/// What keeps one that does not know from doing harm is not this clock but the cells' own owner
/// (store/postgres.h).
///
/// beat(), look(), take(), give(), leave() block, and belong to one thread; the rest is
/// thread-safe.
class Membership {
 public:
  static constexpr std::chrono::milliseconds kBeat{1000};

  /// Divides the database where it is new, and joins.
  static Result<std::unique_ptr<Membership>> join(store::Database& shared,
                                                  MembershipOptions options, Time now);

  ReplicaId me() const noexcept { return me_; }

  /// Beats, looks at the others, and takes out who has died. Fails with kConflict when this replica
  /// has itself been taken out: it must end.
  Result<> beat();
  /// Looks at the others, after leave().
  Result<> look();
  /// When beat() should be called again at the latest.
  SteadyTime next_beat() const;

  /// False: others may have this replica's cells by now.
  bool holds_lease() const noexcept { return boot_time() < lease_end_.load(); }
  /// What the last beat() showed.
  std::shared_ptr<const View> view() const;

  /// False: it was not free any more.
  Result<bool> take(std::size_t cell);
  Result<> give(std::size_t cell);
  /// This replica is no member any more; its cells are free.
  Result<> leave();

 private:
  Membership(store::Database& shared, MembershipOptions options, ReplicaId me)
      : shared_(shared), options_(std::move(options)), me_(me), watch_(options_.lease) {}
  Result<> take_out_the_dead(SteadyTime now);
  void publish(View view);

  store::Database& shared_;
  const MembershipOptions options_;
  const ReplicaId me_;
  BeatWatch watch_;
  SteadyTime beaten_at_{};
  std::atomic<SteadyTime> lease_end_{SteadyTime{}};
  mutable std::mutex view_mutex_;
  std::shared_ptr<const View> view_ = std::make_shared<View>();
};

}  // namespace flowsell::cluster
