#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/time.h"

namespace flowsell::cluster {

/// A running process of the cluster: random, never used again.
using ReplicaId = std::int64_t;

struct Replica {
  ReplicaId id = 0;
  std::string address;    ///< where the others reach it: "http://10.0.0.2:8080"
  std::int64_t beat = 0;  ///< grows as long as it lives
};

/// What one look at the database showed.
struct View {
  std::vector<Replica> replicas;  ///< by id
  /// Who has each cell; nullopt: nobody, or one that is no member any more.
  std::vector<std::optional<ReplicaId>> cells;

  const Replica* find(ReplicaId id) const noexcept;
  std::size_t count_of(ReplicaId id) const noexcept;
  /// How many cells that replica should have, so that each has about as many: all the same number,
  /// and some, the first of those that have more already, one more.
  std::size_t share_of(ReplicaId id) const noexcept;
  /// What `me` may take now, and should give to others.
  std::vector<std::size_t> to_take(ReplicaId me) const;
  std::vector<std::size_t> to_give(ReplicaId me) const;
};

/// Finds out who has died: whose beat has not changed for as long as a lease. It goes by one clock
/// of this machine only, so clocks need not agree. A look after a gap of more than 3/5 of a lease
/// begins anew: nobody dies of a database that was away. One thread.
class BeatWatch {
 public:
  explicit BeatWatch(std::chrono::milliseconds lease) : lease_(lease) {}
  /// `seen_at` is a time behind the look that gave the view.
  void see(const View& view, SteadyTime seen_at);
  /// Whose lease is over at `now`, as it was last seen.
  std::vector<Replica> over(SteadyTime now) const;
  /// When the first of the leases will be over, unless it beats.
  std::optional<SteadyTime> next_end() const;

 private:
  struct Seen {
    Replica replica;
    SteadyTime changed_at;
  };
  const std::chrono::milliseconds lease_;
  SteadyTime seen_at_{};
  std::unordered_map<ReplicaId, Seen> seen_;
};

/// A clock that goes on while the machine sleeps (CLOCK_BOOTTIME): a lease must not outlive a
/// laptop's lid.
SteadyTime boot_time() noexcept;

}  // namespace flowsell::cluster
