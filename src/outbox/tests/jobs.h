#pragma once

#include <cstdint>
#include <string>

#include "core/id.h"
#include "outbox/job.h"

namespace flowsell::outbox {

constexpr Time kNoon = from_unix_ms(1'795'000'000'000);

/// A job id that sorts by its number.
inline JobId job_id(std::uint32_t n) {
  JobId id{};
  id[0] = 1;
  for (std::size_t i = 0; i < 4; ++i) id[12 + i] = static_cast<std::uint8_t>(n >> (8 * (3 - i)));
  return id;
}

inline std::uint32_t number_of(const JobId& id) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < 4; ++i) n = n << 8 | id[12 + i];
  return n;
}

inline GroupId group_id(std::uint8_t n) {
  GroupId id{};
  id[15] = n;
  return id;
}

inline JobRef ref(std::uint32_t n, Lane lane, Time due = kNoon) { return {job_id(n), lane, due}; }

inline Job a_job(std::uint32_t n, Lane lane, Time due = kNoon, std::uint8_t group = 1) {
  Job job;
  job.id = job_id(n);
  job.group = group_id(group);
  job.lane = lane;
  job.due = due;
  job.expires_at = due + std::chrono::hours(24);
  job.key_id = 7;
  job.sealed = "sealed " + std::to_string(n);
  return job;
}

}  // namespace flowsell::outbox
