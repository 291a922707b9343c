// What the staff of the installation asks of accounts.
#include <utility>

#include "accounts/accounts.h"
#include "letters.h"
#include "store/change.h"

// Literals, for Sql.
#define WORKSPACE_SELECT "SELECT workspace_id, MIN(name), COUNT(*) FROM user_workspaces "
#define WORKSPACE_PAGE \
  WORKSPACE_SELECT     \
  "WHERE workspace_id < ?1 AND workspace_id > ?2 GROUP BY workspace_id ORDER BY workspace_id "

namespace flowsell::accounts {
namespace {

using store::Sql;
using WorkspacePage = Page<ListedWorkspace, WorkspaceId>;

const Sql kDown(WORKSPACE_PAGE "DESC LIMIT ?3");
const Sql kUp(WORKSPACE_PAGE "ASC LIMIT ?3");
const Sql kOne(WORKSPACE_SELECT "WHERE workspace_id = ?1 GROUP BY workspace_id");

ListedWorkspace workspace_of(const store::Row& row) {
  return {row.id<WorkspaceId>(0), std::string(row.text(1)), row.integer(2)};
}

Result<WorkspacePage> read_page(store::Connection& db, const Accounts::WorkspaceQuery& query) {
  WorkspacePage page;
  page.upwards = query.before && !query.after;
  const auto range = IdRange<WorkspaceId>::of(query.after, query.before);
  CHECK_OK(db.query(page.upwards ? kUp : kDown,
                    {range.below, range.above, static_cast<std::int64_t>(query.limit + 1)},
                    [&page](const store::Row& row) { page.rows.push_back(workspace_of(row)); }));
  page.cut(query.limit, &ListedWorkspace::id);
  return page;
}

}  // namespace

Task<std::optional<User>> Accounts::find_by_email(std::string email_text) {
  const auto email = normal_email(email_text);
  if (!email) co_return std::nullopt;
  co_return co_await rooms_.db.read(
      [&email](store::Connection& db) { return find_in(db, *email); });
}

Result<std::optional<User>> Accounts::find_by_email_now(const std::string& email_text) {
  const auto email = normal_email(email_text);
  if (!email) return std::nullopt;
  return store::read_now(rooms_.db,
                         [&email](store::Connection& db) { return find_in(db, *email); });
}

Task<> Accounts::tell_of_support(std::vector<UserId> users, SupportNotice notice) {
  const Letter letter = support_letter(notice);
  co_return co_await tell_each(std::move(users), letter);
}

Task<WorkspacePage> Accounts::list_workspaces(WorkspaceQuery query) {
  co_return co_await rooms_.db.read(
      [query](store::Connection& db) { return read_page(db, query); });
}

Task<std::optional<ListedWorkspace>> Accounts::find_workspace(WorkspaceId workspace) {
  auto read = [workspace](store::Connection& db) -> Result<std::optional<ListedWorkspace>> {
    std::optional<ListedWorkspace> found;
    CHECK_OK(db.query(kOne, {workspace},
                      [&found](const store::Row& row) { found = workspace_of(row); }));
    return found;
  };
  co_return co_await rooms_.db.read(std::move(read));
}

}  // namespace flowsell::accounts
