#include "domain_checks.h"

#include <utility>
#include <vector>

#include "audit/audit_log.h"
#include "store/change.h"
#include "team/acts.h"
#include "team/members.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 1h;
constexpr auto kPauseAtDoors = 2s;  ///< while it is not known yet which cells there are
constexpr auto kRoundMax = 10s;     ///< of waiting for the end of one

constexpr store::WriteKind kKind{"domain_lapse", 95, store::apply_each<store::Change>};

}  // namespace

DomainChecks::DomainChecks(Process& process, sso::DomainWatch& watch)
    : process_(process),
      watch_(watch),
      rounds_(process.pool.context(0).get_executor(), "domain checks", kPause,
              runtime::Rounds::First::kAtOnce, [this] { return round(); }) {}

void DomainChecks::start(privacy::Doors& doors) {
  doors_ = &doors;
  rounds_.start();
}

void DomainChecks::stop() {
  if (rounds_.is_stopping()) return;
  rounds_.stop();
  if (!rounds_.wait(kRoundMax)) log::warn("a look at domains is still under way", {});
}

Awaitable<void> DomainChecks::round() {
  if (doors_->cell_count() == 0) {
    rounds_.pause_once(kPauseAtDoors);
    co_return;
  }
  if (const auto done = co_await look_at_all(); !done)
    log::warn("proven domains could not be looked up again", {{"why", done.error().detail}});
}

Task<> DomainChecks::look_at_all() {
  std::string after;
  while (!rounds_.is_stopping()) {
    CO_TRY(const auto page, co_await watch_.due(after));
    for (const sso::DomainWatch::Due& due : page) {
      if (rounds_.is_stopping()) co_return Result<>{};
      CO_CHECK_OK(co_await look_at(due));
    }
    if (page.size() < sso::DomainWatch::kPage) break;
    after = page.back().domain.name;
  }
  co_return Result<>{};
}

Task<> DomainChecks::look_at(sso::DomainWatch::Due due) {
  CO_TRY(const auto number, co_await doors_->cell_of(due.domain.workspace));
  if (!number) co_return Result<>{};
  const auto door = doors_->enter_cell(*number);
  if (!door) co_return Result<>{};
  const sso::Domain domain = due.domain;
  CO_TRY(const bool is_over, co_await watch_.look(std::move(due)));
  if (is_over) co_return co_await lapse(door->rooms(), domain);
  co_return Result<>{};
}

Task<> DomainChecks::lapse(const privacy::CellRooms& cell, sso::Domain domain) {
  const team::Members members(cell.db, process_.ids, process_.clock);
  CO_TRY(auto owners, co_await members.with_roles(domain.workspace, {identity::Role::kOwner}));
  auto act = team::act_of(process_.ids, process_.clock.now(), domain.workspace, {}, {},
                          std::string(sso::kDomainLapsed), domain.name);
  act.before = sso::json_of_lapse(domain);
  // The workspace's record first, as where people change a domain.
  auto record = [&act](store::Connection& db) { return audit::append(db, act); };
  CO_CHECK_OK(co_await store::change(cell.db, kKind, std::move(record)));
  CO_TRY(const bool lapsed, co_await watch_.lapse(domain, std::move(owners)));
  if (lapsed)
    log::warn("a domain is not proven any more: its record is gone", {{"domain", domain.name}});
  co_return Result<>{};
}

}  // namespace flowsell::app
