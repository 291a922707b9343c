#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::recovery {

/// Numbers are stored.
enum class State : std::uint8_t {
  kWaiting = 1,
  kDone = 2,
  kCancelled = 3,
  kVoid = 4,  ///< the second factor was used or changed meanwhile, or the operator may no more
};
std::string_view state_name(State state) noexcept;

/// An operator's wish that somebody's second factor be taken away.
struct Removal {
  IdBytes id{};
  UserId user;
  State state = State::kWaiting;
  UserId requested_by;  ///< the operator
  std::string reason, ticket;
  Time created_at{};
  Time effective_at{};  ///< until then it can be stopped
  std::optional<Time> ended_at;
};

}  // namespace flowsell::recovery
