#include "state/flow_table.h"

#include <chrono>

#include "state/node.h"

namespace flowsell::sim {
namespace {

constexpr std::chrono::hours kHour{1};
constexpr std::size_t kThrottledMax = 10;

}  // namespace

void FlowTable::put(const std::string& id, std::string account, std::string status) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[id];
  entry.account = std::move(account);
  entry.status = std::move(status);
  is_empty_ = false;
}

Checked<> FlowTable::admit(std::string_view account, const std::vector<std::string>& flows,
                           Time now) {
  if (flows.empty() || is_empty_) return {};
  const std::lock_guard lock(mutex_);
  std::vector<Entry*> known;
  for (const std::string& id : flows) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.account != account) continue;
    Entry& entry = found->second;
    if (entry.status == "BLOCKED" || entry.status == "DEPRECATED") return refuse(132068, "");
    std::erase_if(entry.sent, [&](Time at) { return at <= now - kHour; });
    if (entry.status == "THROTTLED" && entry.sent.size() >= kThrottledMax)
      return refuse(132069, "");
    known.push_back(&entry);
  }
  for (Entry* entry : known) entry->sent.push_back(now);
  return {};
}

std::string_view flow_of_message(const json::Object& message) {
  const auto& interactive = object_in(message, "interactive");
  if (text_in(interactive, "type") != "flow") return {};
  return text_in(object_in(object_in(interactive, "action"), "parameters"), "flow_id");
}

}  // namespace flowsell::sim
