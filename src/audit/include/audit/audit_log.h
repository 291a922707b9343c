#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "audit/event.h"
#include "store/database.h"

/// The audit log: one chain of events for each workspace, account, and the system. README.md says
/// what is hashed. All functions run in the caller's transaction or snapshot, on its thread.
namespace flowsell::audit {

/// Tables of this room: audit_events, audit_personal, audit_heads, closed_accounts.
std::span<const store::Migration> migrations();

/// Puts acts on record, in their order, in the transaction of what they tell of: both are durable
/// or neither. The acts of one group of operations are best given at once: then each chain is
/// locked, and asked for its end, once.
///
/// Where many processes write to the database, a chain is locked from here until the transaction
/// ends: so it should come last in it. Chains are locked in the order of their scopes.
///
/// Fails with kInvalidSession when a user did an act whose account is closed in this database (see
/// close_account()): so what he was about to do does not happen.
///
/// Fails with kInternal when an act is not of the form that Act describes, which is the program's
/// fault, or when the chain's end was tampered with so that its next place is taken; otherwise as
/// the database does.
Result<> append(store::Connection& db, std::span<const Act> acts);
Result<> append(store::Connection& db, const Act& act);
/// The work of append(), of which nothing stays: for an act of somebody whom there is not, where
/// time must not tell that.
Result<> rehearse(store::Connection& db, Act act);

/// From here on append() takes no act of the user's, in this database: what he began before, and
/// would end behind the deletion of his account, is refused as a whole. What was appended before is
/// there for whoever deletes next. May be repeated.
///
/// Where many processes write to the database, it comes in one transaction with an act on the
/// user's own chain, whose lock then says who of two was first.
Result<> close_account(store::Connection& db, const UserId& user, Time now);
/// The deletion does not go on. May be repeated.
Result<> reopen_account(store::Connection& db, const UserId& user);
Result<bool> is_closed(store::Connection& db, const UserId& user);

/// Which events of a scope. What is empty is not asked about.
struct Query {
  std::string scope;
  std::string actor_id;
  std::string act;  ///< a name, or the beginning of names: "api_key.*"
  std::string target;
  std::optional<Time> from;            ///< at it or later
  std::optional<Time> to;              ///< before it
  std::optional<AuditEventId> after;   ///< older than it
  std::optional<AuditEventId> before;  ///< newer than it; alone, the page that is next to it
  std::size_t limit = 20;              ///< 1 to 1,000
};

/// The events that match. With filters a page looks at kPageScanMax events at most: it may be
/// short, or empty, and has_more all the same. Fails with kInvalidId when the scope has no event
/// `after` or `before`.
Result<EventPage> list(store::Connection& db, const Query& query);
/// nullopt: the scope has no such event.
Result<std::optional<Event>> find(store::Connection& db, std::string_view scope,
                                  const AuditEventId& id);

/// Whose personal data goes.
struct Erasure {
  std::string scope;
  /// The id, as shown, of a user and the like: addresses and user agents of its acts go, and the
  /// personal data of acts that it did or was the target of. Empty: all of the scope.
  std::string subject;
};
struct ErasureStep {
  std::int64_t erased = 0;  ///< rows
  std::int64_t behind = 0;  ///< where the next step goes on
  bool more = false;
};
/// Erases the personal data of some thousand events, from those behind `behind` (0 at first) on. To
/// be called, in a transaction each, until there is no more. The events stay, and their chain
/// verifies. Nothing tells an erasure from data that somebody else deleted: put it on record too.
Result<ErasureStep> erase_personal(store::Connection& db, const Erasure& what, std::int64_t behind);

/// Erases the personal data of a scope's events that are older than `until`, as erase_personal().
Result<ErasureStep> erase_personal_before(store::Connection& db, std::string_view scope, Time until,
                                          std::int64_t behind);

}  // namespace flowsell::audit
