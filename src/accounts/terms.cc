#include <utility>

#include "accounts/accounts.h"
#include "audit/audit_log.h"
#include "journey.h"
#include "letters.h"
#include "terms_table.h"
#include "user_table.h"

// The terms that users have accepted.

namespace flowsell::accounts {
namespace {

Error not_accepted(const std::string& version) {
  return {ErrorCode::kTermsNotAccepted,
          "accept version " + version + " of the terms first: kind terms"};
}

}  // namespace

Task<Accounts::Accepted> Accounts::accept_terms(UserId user, std::string version,
                                                audit::Origin from) {
  const Time now = rooms_.clock.now();
  const TermsAcceptance fresh{rooms_.ids.next<IdKind::kAcceptance>(), std::move(version), now};
  auto body = [&](store::Connection& db) -> Result<std::optional<Accepted>> {
    TRY(const bool is_there, hold_user(db, user));
    if (!is_there) return std::nullopt;
    TRY(auto earlier, find_acceptance(db, user, fresh.version));
    if (earlier) return Accepted{*std::move(earlier), false};
    CHECK_OK(insert_acceptance(db, user, fresh, from.address));
    auto act = act_of(rooms_.ids, now, user, from, "terms.accepted");
    act.target = fresh.id.str();
    act.after = terms_json(fresh.version);
    CHECK_OK(audit::append(db, act));
    return Accepted{fresh, true};
  };
  CO_TRY(auto accepted, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (!accepted) co_return std::unexpected(over_meanwhile());
  co_return *std::move(accepted);
}

Task<std::vector<TermsAcceptance>> Accounts::terms_of(UserId user) {
  co_return co_await rooms_.db.read(
      [user](store::Connection& db) { return list_acceptances(db, user); });
}

Task<> Accounts::check_terms(UserId user) {
  if (options_.terms_version.empty()) co_return Result<>{};
  CO_TRY(const auto accepted, co_await rooms_.db.read([&](store::Connection& db) {
    return find_acceptance(db, user, options_.terms_version);
  }));
  if (!accepted) co_return std::unexpected(not_accepted(options_.terms_version));
  co_return Result<>{};
}

Task<> Accounts::check_any_terms(UserId user) {
  if (options_.terms_version.empty()) co_return Result<>{};
  CO_TRY(const auto accepted, co_await terms_of(user));
  if (accepted.empty()) co_return std::unexpected(not_accepted(options_.terms_version));
  co_return Result<>{};
}

}  // namespace flowsell::accounts
