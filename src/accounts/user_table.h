#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "store/database.h"

namespace flowsell::accounts {

/// A user with what only this room may see.
struct StoredUser {
  User user;
  std::string password_hash;  ///< empty: signs in by other means
};

struct NewUser {
  User user;
  std::string password_hash;
  std::string terms_version;
};

// An account that is closed is for all that looks here as if it were not there; only its address is
// taken still.

/// False: somebody has that address.
Result<bool> insert_user(store::Connection& db, const NewUser& user);
Result<std::optional<StoredUser>> find_user_by_email(store::Connection& db, std::string_view email);
Result<std::optional<StoredUser>> find_user(store::Connection& db, const UserId& id);
/// Those that there are.
Result<std::vector<User>> find_users(store::Connection& db, std::span<const UserId> ids);
/// Locks the user's row until the transaction ends, where the password is still that one: what was
/// proven with it holds. False: it was changed meanwhile.
Result<bool> hold_password(store::Connection& db, const UserId& id, std::string_view hash);
/// Locks it whatever the password is. False: there is no such user, or his account is closed. What
/// is written about a user is written behind it: who closes the account waits for that, and finds
/// it.
Result<bool> hold_user(store::Connection& db, const UserId& id);
Result<> close_user(store::Connection& db, const UserId& id, Time now);
Result<> reopen_user(store::Connection& db, const UserId& id);
Result<> set_password(store::Connection& db, const UserId& id, std::string_view hash, Time now);
/// The same password under another cost, unless it was changed meanwhile.
Result<> rehash_password(store::Connection& db, const UserId& id, std::string_view before,
                         std::string_view after);
Result<> set_email_verified(store::Connection& db, const UserId& id, Time now);
/// False: somebody else has that address by now.
Result<bool> set_email(store::Connection& db, const UserId& id, std::string_view email, Time now);
Result<> set_name(store::Connection& db, const UserId& id, std::string_view name);

/// In the order of their ids.
Result<std::vector<UserId>> list_users_behind(store::Connection& db, const UserId& behind,
                                              std::size_t limit);
/// Of those whose address was not verified, some that are older than that.
Result<std::vector<UserId>> list_unverified(store::Connection& db, Time created_before);
/// With all that is his, unless his address is verified by now. False: it is, or he is gone.
Result<bool> delete_unverified(store::Connection& db, const UserId& id);

Result<> put_user_workspace(store::Connection& db, const UserId& user, const UserWorkspace& of);
Result<> delete_user_workspace(store::Connection& db, const UserId& user,
                               const WorkspaceId& workspace);
/// In the lists of all its members.
Result<> rename_user_workspaces(store::Connection& db, const WorkspaceId& workspace,
                                std::string_view name);
/// In the order of their ids.
Result<std::vector<UserWorkspace>> list_user_workspaces(store::Connection& db, const UserId& user);

}  // namespace flowsell::accounts
