#include "group.h"

#include <algorithm>
#include <iterator>

namespace flowsell::outbox {
namespace {

using namespace std::chrono_literals;

constexpr auto kBlock = 100ms;
constexpr int kFailuresBeforePause = 5;
constexpr auto kPauseMax = 30s;

SteadyTime on_steady_clock(Time t, const Now& now) { return now.steady + (t - now.wall); }

}  // namespace

Group::Group(JobKind job_kind, const GroupId& group_id, const GroupPolicy& group_policy)
    : kind(job_kind), id(group_id), policy_(group_policy), pace_(group_policy.per_second) {}

void Group::set_policy(const GroupPolicy& policy) {
  if (policy.per_second != policy_.per_second) pace_ = Pace(policy.per_second);
  policy_ = policy;
}

std::size_t Group::concurrency_now() const {
  // Trouble halves the width with each failure in a row: a dead endpoint is probed by one attempt
  // at a time.
  return std::max<std::size_t>(1, policy_.concurrency >> std::min(failures_, 16));
}

JobState Group::reserve(Lane lane, const Now& now) {
  const bool lane_busy = busy_.contains(lane);
  const bool room = queued_ == 0 && in_flight_ < concurrency_now() && paused_until_ <= now.steady &&
                    pace_.available(now.steady) > 0 &&
                    (!policy_.pair_limit || pairs_.allowed_at(lane, now.steady) <= now.steady);
  if (!lane_busy && room) {
    take_slot(lane, now);
    return JobState::kClaimed;
  }
  ++queued_;
  return lane_busy ? JobState::kWaiting : JobState::kReady;
}

bool Group::is_full(const Now& now) const {
  return in_flight_ >= concurrency_now() || paused_until_ > now.steady;
}

bool Group::release(Lane lane, JobState reserved) {
  if (reserved == JobState::kClaimed) return free_slot(lane);
  --queued_;
  return false;
}

bool Group::enqueued(const JobRef& ref, JobState reserved, JobState inserted) {
  if (inserted == JobState::kReady) {
    add_ready(ref);
    return false;
  }
  if (const auto ahead = busy_.find(ref.lane); ahead != busy_.end()) {
    ahead->second = true;
    return false;
  }
  // Told to wait behind a job in flight which may have ended before this row existed: nobody would
  // wake it.
  return reserved == JobState::kWaiting;
}

void Group::add_ready(const JobRef& ref) {
  added_while_refilling_ = true;
  const bool in_front = !window_.empty() && ref < *window_.rbegin();
  if (!in_front && !(window_complete_ && window_.size() < kWindowMax)) {
    window_complete_ = false;
    return;
  }
  window_.insert(ref);
  if (window_.size() <= 2 * kWindowMax) return;
  // The last one goes, not the new one: a window full of retries that are due in an hour must hide
  // nobody.
  window_.erase(std::prev(window_.end()));
  window_complete_ = false;
}

std::vector<JobRef> Group::pick(const Now& now) {
  std::vector<JobRef> picked;
  if (paused_until_ > now.steady) return picked;
  if (!pace_.unlimited() && now.steady < last_block_ + kBlock) return picked;
  const std::size_t width = concurrency_now();
  const std::size_t room = width > in_flight_ ? width - in_flight_ : 0;
  std::size_t budget = std::min(room, pace_.available(now.steady));
  std::vector<JobRef> later;
  for (auto it = window_.begin(); it != window_.end() && budget > 0 && it->due <= now.wall;) {
    if (busy_.contains(it->lane)) {
      ++it;
      continue;
    }
    const auto allowed = policy_.pair_limit ? pairs_.allowed_at(it->lane, now.steady) : now.steady;
    JobRef ref = *it;
    it = window_.erase(it);
    if (allowed > now.steady) {
      ref.due = now.wall + std::chrono::ceil<std::chrono::milliseconds>(allowed - now.steady);
      later.push_back(ref);
      continue;
    }
    take_slot(ref.lane, now);
    picked.push_back(ref);
    --budget;
  }
  window_.insert(later.begin(), later.end());
  if (!picked.empty()) last_block_ = now.steady;
  return picked;
}

void Group::take_slot(Lane lane, const Now& now) {
  busy_.emplace(lane, false);
  ++in_flight_;
  pace_.take(now.steady);
  if (policy_.pair_limit) pairs_.take(lane, now.steady);
}

bool Group::free_slot(Lane lane) {
  --in_flight_;
  const auto found = busy_.find(lane);
  const bool someone_behind = found != busy_.end() && found->second;
  busy_.erase(lane);
  return someone_behind;
}

bool Group::claim_missed(const JobRef& ref) { return free_slot(ref.lane); }

void Group::claim_failed(const JobRef& ref) {
  free_slot(ref.lane);
  add_ready(ref);
}

bool Group::finished(const JobRef& ref, const Disposition& how, const Now& now) {
  const bool someone_behind = free_slot(ref.lane);
  note_health(how.healthy, now);
  if (how.pause_group_until) {
    paused_until_ = std::max(paused_until_, on_steady_clock(*how.pause_group_until, now));
  }
  if (how.kind == Disposition::Kind::kDone) {
    if (how.promoted) add_ready(*how.promoted);
    return someone_behind && !how.promoted;
  }
  ++queued_;
  // Of this lane only the retried job is ready now; requeue_job() holds back what a race had made
  // ready.
  std::erase_if(window_, [&ref](const JobRef& other) { return other.lane == ref.lane; });
  add_ready({ref.id, ref.lane, how.due});
  return false;
}

void Group::note_health(bool healthy, const Now& now) {
  if (healthy) {
    failures_ = 0;
    return;
  }
  if (paused_until_ > now.steady) return;  // an attempt from before the pause: known already
  ++failures_;
  if (failures_ < kFailuresBeforePause) return;
  const auto pause = std::min<std::chrono::seconds>(
      std::chrono::seconds(1LL << std::min(failures_ - kFailuresBeforePause, 10)), kPauseMax);
  paused_until_ = now.steady + pause;
}

void Group::end_refill(const std::vector<JobRef>& refs, bool all) {
  refilling = false;
  for (const JobRef& ref : refs) {
    if (!busy_.contains(ref.lane)) window_.insert(ref);
  }
  window_complete_ = all && !added_while_refilling_;
}

std::optional<SteadyTime> Group::wake_at(const Now& now) const {
  if (window_.empty()) return std::nullopt;
  if (in_flight_ >= concurrency_now()) return std::nullopt;  // an end wakes it
  SteadyTime at = std::max(on_steady_clock(window_.begin()->due, now), paused_until_);
  if (!pace_.unlimited()) at = std::max({at, last_block_ + kBlock, pace_.next_block(now.steady)});
  if (at <= now.steady) {
    // What is due belongs to lanes in flight, whose ends wake it; a later one may have its time.
    const auto later =
        std::ranges::find_if(window_, [&](const JobRef& r) { return r.due > now.wall; });
    if (later == window_.end()) return std::nullopt;
    at = on_steady_clock(later->due, now);
  }
  return at;
}

}  // namespace flowsell::outbox
