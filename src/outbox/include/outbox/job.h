#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::outbox {

/// What a job does. Numbers are stored: never renumber.
enum class JobKind : std::uint8_t {
  kSend = 1,      ///< a message to a provider
  kDelivery = 2,  ///< an event to a customer's endpoint
};

/// Numbers are stored: never renumber.
enum class JobState : std::uint8_t {
  kReady = 0,    ///< the head of its lane: may be claimed once it is due
  kClaimed = 1,  ///< an attempt has begun or is about to
  kWaiting = 2,  ///< behind another job of its lane
};

using JobId = IdBytes;  ///< the message's or delivery's own id: order by id is order of acceptance
using GroupId = IdBytes;     ///< what shares a pace: a sender's or an endpoint's id
using Lane = std::uint64_t;  ///< within a group, jobs of one lane run one at a time, in order

/// A queued job as the memory window holds it: where it stands, not what it says.
struct JobRef {
  JobId id{};
  Lane lane = 0;
  Time due;
  friend auto operator<=>(const JobRef& a, const JobRef& b) {
    if (const auto order = a.due <=> b.due; order != 0) return order;
    return a.id <=> b.id;
  }
  friend bool operator==(const JobRef&, const JobRef&) = default;
};

/// A row of the table, whole.
struct Job {
  JobId id{};
  JobKind kind = JobKind::kSend;
  WorkspaceId workspace;
  GroupId group{};
  Lane lane = 0;
  int attempt = 1;  ///< the number of the attempt that the claim began, from 1
  Time due;
  Time expires_at;
  std::uint32_t key_id = 0;  ///< the spool key that `sealed` is under
  std::string sealed;        ///< content; empty where the kind needs none
};

/// How fast and how wide a group goes.
struct GroupPolicy {
  double per_second = 0;         ///< attempts begun; 0: no pace
  std::size_t concurrency = 64;  ///< attempts open at once
  bool pair_limit =
      false;  ///< one message each 6 s to one recipient, 45 in a burst (whatsapp.md section 3)
};

/// How an attempt ended, as its handler tells the outbox after it has stored the fact.
struct Disposition {
  enum class Kind : std::uint8_t {
    kDone,       ///< the job's row is gone
    kRetry,      ///< the row is ready again, due at `due`
    kUnclaimed,  ///< nothing was begun; the row is ready again
  } kind = Kind::kDone;
  bool healthy =
      true;  ///< false: the provider or endpoint itself is in trouble; the group slows down
  Time due;  ///< kRetry
  std::optional<Time> pause_group_until;
  std::optional<JobRef>
      promoted;  ///< the lane's next job, which became ready in the same transaction
};

}  // namespace flowsell::outbox
