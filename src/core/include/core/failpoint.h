#pragma once

#include <atomic>
#include <string_view>

namespace flowsell {

namespace failpoint_detail {
extern std::atomic<bool> armed;
void reached(std::string_view name);
}  // namespace failpoint_detail

/// A named point at which a crash test kills the process (SIGKILL to itself: nothing is flushed, no
/// handler runs). Costs one relaxed load while none is armed. docs/failpoints.md lists the names.
inline void failpoint(std::string_view name) {
  if (failpoint_detail::armed.load(std::memory_order_relaxed)) failpoint_detail::reached(name);
}

/// Arms one point: "name" kills at its first pass, "name:7" at its seventh. Call once, before
/// threads start. False when the text is not of that form.
bool arm_failpoint(std::string_view text);

}  // namespace flowsell
