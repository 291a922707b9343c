#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "core/sensitive.h"
#include "crypto/rotating_keys.h"
#include "operators/operators.h"
#include "recovery/removal.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::recovery {

struct RemovalOptions {
  std::chrono::hours wait{24};
  std::string public_url;  ///< what links in mails begin with
};

/// Takes second factors away that were lost, at an operator's wish, after a time in which the user
/// can stop it. The database is the one that replicas share. Thread-safe.
class Removals {
 public:
  /// All outlive it.
  struct Rooms {
    store::Database& db;
    accounts::Accounts& accounts;
    crypto::RotatingKeys& spool;  ///< mails wait sealed under its keys
    IdSource& ids;
    const Clock& clock;
    std::function<void()> work_waits;  ///< called when some does
  };
  Removals(Rooms rooms, RemovalOptions options);

  struct Asked {
    operators::By by;  ///< with a reason
    UserId user;
    std::string ticket;
  };
  /// The user gets a mail with a link that stops it. Fails with kNotFound (no such user), kConflict
  /// (no second factor, or one waits already) and kInsufficientScope: his own, or an operator's and
  /// he may not end operators.
  Task<Removal> ask(Asked asked);
  /// Newest first.
  Task<std::vector<Removal>> of_user(UserId user) const;
  /// The one of the user that waits. Fails with kNotFound.
  Task<Removal> cancel(operators::By by, UserId user);

  /// What a mail's link is for. Fails with kInvalidToken.
  Task<Removal> find_by_link(Secret token) const;
  /// Fails with kInvalidToken, and kConflict: it does not wait any more.
  Task<Removal> cancel_by_link(Secret token, audit::Origin from);

  /// Lets those take effect whose time has come. Every process does so, and may end at any point.
  Task<> round();

 private:
  struct Taken;
  Result<Taken> take(store::Connection& db, const Asked& asked, Removal removal,
                     const Secret& token);
  Result<std::optional<Error>> refusal(store::Connection& db, const operators::By& by,
                                       const UserId& user) const;
  Result<bool> still_holds(store::Connection& db, const Removal& removal,
                           const std::string& mark) const;
  Result<> take_effect(store::Connection& db, const Removal& removal, const std::string& mark);
  Result<> put_mail(store::Connection& db, const Removal& removal, const std::string& email,
                    const Secret& token) const;
  Result<> record(store::Connection& db, const Removal& removal, const audit::Actor& by,
                  const audit::Origin& from, const std::string& act) const;

  const Rooms rooms_;
  const RemovalOptions options_;
};

}  // namespace flowsell::recovery
