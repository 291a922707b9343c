#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "core/sensitive.h"
#include "crypto/rotating_keys.h"
#include "privacy/request.h"
#include "runtime/task.h"
#include "store/database.h"

/// What is held, as JSON Lines (https://jsonlines.org): made part by part as it is downloaded, and
/// never stored. So a part is all of it that is in memory. The first line of the first part says
/// what it is about; each other is {"type","data"}. Parts are read one after the other: what is
/// written meanwhile may be in the later ones.
namespace flowsell::privacy {

/// Where a download goes on: a section, and a place in it.
struct ExportCursor {
  std::size_t section = 0;
  std::string at = {};  ///< empty: its beginning

  /// "" is the beginning of all. Fails with kInvalidRequest.
  static Result<ExportCursor> parse(std::string_view text);
  std::string text() const;
  bool is_first() const noexcept { return section == 0 && at.empty(); }
};

/// At most some thousand lines.
struct ExportPart {
  std::string lines;
  std::string next;  ///< a cursor's text; empty: that was the last part
};

/// What replicas share about an account. `more`: where the rest is downloaded, for each workspace
/// that the user is in. Fails with kNotFound; all with kInvalidId where the cursor is none.
Task<ExportPart> export_account(store::Database& shared, const crypto::RotatingKeys& spool,
                                DataRequest request, Time now, std::vector<std::string> more,
                                ExportCursor from = {});
/// What a workspace holds about one of its members. `former`: addresses that he had, and that
/// nobody has now.
Task<ExportPart> export_member(store::Database& cell, DataRequest request, accounts::User user,
                               std::vector<std::string> former, WorkspaceId workspace, Time now,
                               ExportCursor from = {});
/// What a workspace holds about a number.
Task<ExportPart> export_recipient(store::Database& cell, DataRequest request, Time now,
                                  ExportCursor from = {});
/// What is held of a workspace, but secrets and what is under way.
Task<ExportPart> export_workspace(store::Database& shared, store::Database& cell,
                                  DataRequest request, Time now, ExportCursor from = {});

}  // namespace flowsell::privacy
