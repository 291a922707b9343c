#include <utility>

#include "accounts/accounts.h"
#include "attempts.h"
#include "core/ip_range.h"
#include "journey.h"
#include "letters.h"
#include "store/change.h"
#include "user_table.h"

/// What other rooms tell people.
namespace flowsell::accounts {

Task<> Accounts::take_invitation_attempt(std::string email, UserId inviter, WorkspaceId workspace,
                                         audit::Origin from) {
  const auto counted_by = [](std::string_view what) {
    return attempt_bucket({"invitations", what});
  };
  co_return co_await take_attempts(
      {{attempt_bucket({"mail", "invitation", email}), kMailsPerAddress},
       {counted_by(inviter.blob()), kInvitationsPerInviter},
       {counted_by(workspace.blob()), kInvitationsPerPlace},
       {counted_by(network_of(from.address)), kInvitationsPerPlace}});
}

Task<> Accounts::send_invitation(Invitation invitation) {
  User to;
  to.email = invitation.email;
  auto body = [&](store::Connection& db) {
    return put_letter(db, rooms_, to, invitation_letter(invitation, options_.public_url));
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  rooms_.mail_waits();
  co_return Result<>{};
}

Task<> Accounts::tell_each(std::vector<UserId> users, const Letter& letter) {
  auto body = [&](store::Connection& db) -> Result<> {
    TRY(const auto all, find_users(db, users));
    for (const User& user : all) CHECK_OK(put_letter(db, rooms_, user, letter));
    return {};
  };
  CO_CHECK_OK(co_await store::change(rooms_.db, kKind, std::move(body)));
  rooms_.mail_waits();
  co_return Result<>{};
}

Task<> Accounts::tell(std::vector<UserId> users, std::string what, audit::Origin from) {
  const Letter letter = notice(std::move(what), rooms_.clock.now(), from);
  co_return co_await tell_each(std::move(users), letter);
}

Task<> Accounts::tell_of_leak(std::vector<UserId> users, std::string workspace, std::string key,
                              audit::Origin from) {
  const Letter letter = leak_letter(workspace, key, rooms_.clock.now(), from);
  co_return co_await tell_each(std::move(users), letter);
}

}  // namespace flowsell::accounts
