#include "core/failpoint.h"

#include <charconv>
#include <csignal>
#include <string>

namespace flowsell {
namespace failpoint_detail {

std::atomic<bool> armed{false};

namespace {
// Written once by arm_failpoint() before any thread starts, read-only afterwards.
std::string& armed_name() {
  static std::string name;
  return name;
}
std::atomic<int> passes_left{0};
}  // namespace

void reached(std::string_view name) {
  if (name != armed_name()) return;
  if (passes_left.fetch_sub(1) == 1) std::raise(SIGKILL);
}

}  // namespace failpoint_detail

bool arm_failpoint(std::string_view text) {
  const auto colon = text.find(':');
  int passes = 1;
  if (colon != std::string_view::npos) {
    const std::string_view count = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), passes);
    if (error != std::errc{} || end != count.data() + count.size() || passes < 1) return false;
  }
  failpoint_detail::armed_name() = text.substr(0, colon);
  if (failpoint_detail::armed_name().empty()) return false;
  failpoint_detail::passes_left = passes;
  failpoint_detail::armed = true;
  return true;
}

}  // namespace flowsell
