#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/audit_log.h"
#include "core/id.h"
#include "operators/permissions.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::operators {

/// Somebody of the staff: a user who may be let in under /admin/v1.
struct Operator {
  UserId user;
  Role role = Role::kSupport;
  std::string made_by;  ///< id as shown; empty: by the start, or by `connectd init`
  Time since{};
  std::optional<Time> disabled_at;
};

/// An operator who asks for something, why, and from where.
struct By {
  UserId user;
  Role role = Role::kSupport;
  std::string reason;  ///< as he said it, or empty
  audit::Origin origin;
};

/// Who belongs to the staff, and what they have done. The database is the one that all replicas
/// share. Every change is on the operators' chain of its audit log. Thread-safe.
class Operators {
 public:
  Operators(store::Database& db, IdSource& ids, const Clock& clock);

  /// nullopt: the user is none, or was disabled. Read anew each time: who was removed is out at
  /// once.
  Task<std::optional<Operator>> find(UserId user) const;
  /// Those who are disabled too, in the order in which they came.
  Task<std::vector<Operator>> list() const;

  /// Fails with kConflict: the user is one already.
  Task<Operator> add(By by, UserId user, Role role);
  struct Change {
    std::optional<Role> role;
    std::optional<bool> disabled;
  };
  /// What it does not name stays. Fails with kNotFound, kConflict (the last superadmin).
  Task<Operator> change(By by, UserId user, Change change);
  /// Fails as change().
  Task<> remove(By by, UserId user);

  /// The user is a superadmin from now on, whatever he was. Blocking; for start-up and tools.
  Result<> put_superadmin(const UserId& user);
  /// Whether there is one. The same.
  Result<bool> has_superadmin() const;

  /// Puts on record what changes nothing; what changes something does so in its own transaction,
  /// with operator_act(). `asked`: what the query asked for, a JSON object or empty: it may hold
  /// somebody's address.
  Task<> record(By by, std::string name, std::string operation, std::string target,
                std::string asked);
  Task<audit::EventPage> acts(audit::Query query) const;

 private:
  store::Database& db_;
  IdSource& ids_;
  const Clock& clock_;
};

/// The beginning of what goes on the operators' chain.
audit::Act operator_act(IdSource& ids, Time now, const By& by, std::string name,
                        std::string target);

/// In a transaction: also who is disabled. nullopt: the user is none.
Result<std::optional<Operator>> find_operator(store::Connection& db, const UserId& user);

/// In a transaction: holds all superadmins; there would be none without the user.
Result<bool> is_last_superadmin(store::Connection& db, const UserId& user);

}  // namespace flowsell::operators
