#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "core/id.h"
#include "messaging/message_table.h"
#include "privacy/doors.h"
#include "privacy/request.h"
#include "runtime/task.h"
#include "store/database.h"

/// The work of the steps, each in one database. All may be done again, and from the middle.
namespace flowsell::privacy {

/// What every step has.
struct Tools {
  IdSource& ids;
  const Clock& clock;
};

/// Whose chain tells of a request: the account's, or that of who asked; the system's of an
/// operator's.
std::string chain_of(const DataRequest& request);
/// An act there, whose target is the request. `by` nobody: the program's own.
audit::Act act_about(IdSource& ids, Time now, const DataRequest& request, std::string name,
                     const audit::Actor& by = {}, const audit::Origin& from = {});

/// Empty: the account's row is gone.
Result<std::string> email_of(store::Connection& shared, const UserId& user);

/// Of an account.
struct AccountSubject {
  UserId user;
  std::string email = {};                ///< empty: its row is gone
  std::vector<std::string> former = {};  ///< addresses that it had, and that nobody has now

  std::vector<std::string> addresses() const;
  /// What is personal beside an act is about the account: a deletion erases it, an export shows it.
  bool is_named_in(std::string_view target, std::string_view data) const;
};
Task<AccountSubject> account_of(store::Database& shared, UserId user);

/// Closes the account in the cell: from here on its user does nothing more there, and is no owner
/// for whom another may leave. True, or fails with kConflict: a workspace has no other owner.
Task<bool> close_in_cell(CellRooms rooms, Tools tools, UserId user);
/// The deletion does not go on. True.
Task<bool> reopen_in_cell(CellRooms rooms, UserId user);
/// Memberships, invitations, and the personal data of the audit log. True; false where the cell is
/// about to be closed; or fails as close_in_cell() does.
Task<bool> erase_account_in_cell(CellRooms rooms, Tools tools, AccountSubject account);
/// The personal data of all chains in a database that is about the account. False: `should_stop`
/// said so.
using StopFn = std::function<bool()>;
Task<bool> erase_record(store::Database& db, Tools tools, AccountSubject account,
                        StopFn should_stop = {});

/// Some message of the workspace, or of one number in it, is begun.
bool has_begun(const CellRooms& rooms, const WorkspaceId& workspace,
               std::optional<messaging::ContactHash> contact = std::nullopt);

/// How far the erasure of a number is.
struct RecipientErased {
  bool is_done =
      false;            ///< false: some of it is under way still, a day at most; or the cell closes
  MessageId waits_for;  ///< one that is; none: look again
};
/// Whether a message is not sent yet.
Result<bool> still_waits(store::Connection& db, const WorkspaceId& workspace,
                         const MessageId& message);
/// One number's messages, events and consents.
Task<RecipientErased> erase_recipient(CellRooms rooms, Tools tools, DataRequest request);

/// Nobody comes in by a workspace's API keys any more.
Task<> revoke_keys(CellRooms rooms, Tools tools, DataRequest request);
/// Revokes its keys, destroys the key that its secrets are sealed under, and lets go of senders and
/// endpoints.
Task<> end_workspace(CellRooms rooms, Tools tools, DataRequest request);
/// All its rows but those that the inventory keeps. False: some work of it is under way still, or
/// the cell is about to be closed.
Task<bool> erase_workspace(CellRooms rooms, Tools tools, DataRequest request);

/// The transactions of deletions.
extern const store::WriteKind kErasureKind;

}  // namespace flowsell::privacy
