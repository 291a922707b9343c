#include "cluster/view.h"

#include <algorithm>
#include <ctime>

namespace flowsell::cluster {

const Replica* View::find(ReplicaId id) const noexcept {
  const auto found = std::ranges::find(replicas, id, &Replica::id);
  return found == replicas.end() ? nullptr : &*found;
}

std::size_t View::count_of(ReplicaId id) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(cells, std::optional(id)));
}

std::size_t View::share_of(ReplicaId id) const noexcept {
  if (replicas.empty()) return 0;
  const std::size_t least = cells.size() / replicas.size();
  const std::size_t with_one_more = cells.size() % replicas.size();
  const bool has_more = count_of(id) > least;
  std::size_t ahead = 0;  // of this one when it is asked who has one more
  for (const Replica& other : replicas) {
    if (other.id == id) continue;
    const bool other_has_more = count_of(other.id) > least;
    if (other_has_more && (!has_more || other.id < id)) ++ahead;
  }
  return ahead < with_one_more ? least + 1 : least;
}

std::vector<std::size_t> View::to_take(ReplicaId me) const {
  std::vector<std::size_t> out;
  const std::size_t mine = count_of(me);
  const std::size_t share = share_of(me);
  for (std::size_t cell = 0; cell < cells.size() && mine + out.size() < share; ++cell) {
    if (!cells[cell]) out.push_back(cell);
  }
  return out;
}

std::vector<std::size_t> View::to_give(ReplicaId me) const {
  std::vector<std::size_t> out;
  const std::size_t mine = count_of(me);
  const std::size_t share = share_of(me);
  for (std::size_t cell = cells.size(); cell-- > 0 && mine > share + out.size();) {
    if (cells[cell] == me) out.push_back(cell);
  }
  return out;
}

void BeatWatch::see(const View& view, SteadyTime seen_at) {
  // While this one could not look, the others may have had no way to beat either.
  if (seen_at - seen_at_ > lease_ * 3 / 5) seen_.clear();
  seen_at_ = seen_at;
  std::erase_if(seen_, [&view](const auto& each) { return view.find(each.first) == nullptr; });
  for (const Replica& replica : view.replicas) {
    const auto found = seen_.find(replica.id);
    if (found != seen_.end() && found->second.replica.beat == replica.beat) continue;
    seen_[replica.id] = {replica, seen_at};
  }
}

std::vector<Replica> BeatWatch::over(SteadyTime now) const {
  std::vector<Replica> out;
  for (const auto& [id, seen] : seen_) {
    if (now - seen.changed_at >= lease_) out.push_back(seen.replica);
  }
  return out;
}

std::optional<SteadyTime> BeatWatch::next_end() const {
  std::optional<SteadyTime> first;
  for (const auto& [id, seen] : seen_) {
    const SteadyTime end = seen.changed_at + lease_;
    if (!first || end < *first) first = end;
  }
  return first;
}

SteadyTime boot_time() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return SteadyTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace flowsell::cluster
