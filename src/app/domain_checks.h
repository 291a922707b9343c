#pragma once

#include "privacy/doors.h"
#include "process.h"
#include "runtime/rounds.h"
#include "sso/domain_watch.h"

namespace flowsell::app {

/// Looks proven domains up again, from time to time: each process those of the workspaces that it
/// has. What it uses outlives the end of stop().
class DomainChecks {
 public:
  DomainChecks(Process& process, sso::DomainWatch& watch);

  void start(privacy::Doors& doors);
  /// Blocking.
  void stop();

 private:
  Awaitable<void> round();
  Task<> look_at_all();
  /// Nothing where the workspace's cell is not open here.
  Task<> look_at(sso::DomainWatch::Due due);
  Task<> lapse(const privacy::CellRooms& cell, sso::Domain domain);

  Process& process_;
  sso::DomainWatch& watch_;
  privacy::Doors* doors_ = nullptr;
  runtime::Rounds rounds_;
};

}  // namespace flowsell::app
