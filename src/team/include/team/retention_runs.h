#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "core/time.h"
#include "store/database.h"

namespace flowsell::team {

/// What retention removes.
enum class Removed : std::uint8_t { kMessages, kEvents, kDeliveries, kContents };
inline constexpr std::size_t kRemovedKinds = 4;
/// "messages", "events", "deliveries", "contents".
std::string_view removed_name(Removed kind) noexcept;

/// What retention removed of one workspace in one day (UTC).
struct RetentionRun {
  std::int64_t day = 0;  ///< since 1970
  std::array<std::int64_t, kRemovedKinds> counts{};
  bool is_over = false;  ///< the day is, and the workspace's record has it
};

/// Counts what was removed, in the transaction that removes it.
Result<> count_removed(store::Connection& db, const WorkspaceId& workspace, Removed kind,
                       std::int64_t count, Time now);

/// Puts days that are over on the records of their workspaces, some at a time. True: there may be
/// more.
Result<bool> report_removed(store::Connection& db, IdSource& ids, Time now);

/// Newest first, of those with anything.
Result<std::vector<RetentionRun>> list_retention_runs(store::Connection& db,
                                                      const WorkspaceId& workspace,
                                                      std::int64_t first_day,
                                                      std::int64_t last_day);

}  // namespace flowsell::team
