#pragma once

#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "channel/updates.h"
#include "template_table.h"

namespace flowsell::templates {

/// What the provider said last of a flow; empty: nothing. Runs in the caller's snapshot.
Result<std::string> find_flow_status(store::Connection& db, const Account& account,
                                     std::string_view provider_id);
/// What it says at the second `at`; what is older than what is known changes nothing. Runs in the
/// caller's transaction.
Result<> store_flow_news(store::Connection& db, const Account& account,
                         const channel::FlowNews& news, Time at);

struct KnownFlow {
  std::string status;  ///< empty: none was told
  Time ask_after;      ///< before that the provider is not asked again
};

/// What sends know of flows, in memory, as Book of templates. Thread-safe.
class FlowBook {
 public:
  std::optional<KnownFlow> find(const ConnectionId& connection, std::string_view provider_id) const;
  std::uint64_t generation() const;
  void put(const ConnectionId& connection, std::string_view provider_id, KnownFlow known,
           std::uint64_t generation);
  void forget(const ConnectionId& connection);

 private:
  static constexpr std::size_t kEntriesMax = 20'000;
  mutable std::shared_mutex mutex_;
  std::uint64_t generation_ = 0;
  std::unordered_map<std::string, KnownFlow> entries_;  ///< by the connection and the flow
};

}  // namespace flowsell::templates
