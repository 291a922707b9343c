#include "accounts/accounts.h"
#include "journey.h"
#include "user_table.h"

// The workspaces that a user's list shows.

namespace flowsell::accounts {

Task<std::vector<UserWorkspace>> Accounts::workspaces_of(UserId user) {
  co_return co_await rooms_.db.read(
      [user](store::Connection& db) { return list_user_workspaces(db, user); });
}

Task<> Accounts::list_workspace(UserId user, UserWorkspace workspace) {
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(const bool is_there, hold_user(db, user));
    return is_there ? put_user_workspace(db, user, workspace) : Result<>();
  };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

Task<bool> Accounts::list_new_workspace(UserId user, UserWorkspace workspace, std::size_t max) {
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool is_there, hold_user(db, user));
    TRY(const auto all, list_user_workspaces(db, user));
    if (!is_there || all.size() >= max) return false;
    CHECK_OK(put_user_workspace(db, user, workspace));
    return true;
  };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

Task<> Accounts::unlist_workspace(UserId user, WorkspaceId workspace) {
  auto body = [&](store::Connection& db) { return delete_user_workspace(db, user, workspace); };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

Task<> Accounts::rename_workspace(WorkspaceId workspace, std::string name) {
  auto body = [&](store::Connection& db) { return rename_user_workspaces(db, workspace, name); };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

Result<> Accounts::list_workspace_now(const UserId& user, const UserWorkspace& workspace) {
  auto body = [&](store::Connection& db) { return put_user_workspace(db, user, workspace); };
  return store::change_now(rooms_.db, kKind, std::move(body));
}

}  // namespace flowsell::accounts
