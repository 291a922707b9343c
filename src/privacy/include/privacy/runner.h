#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "audit/head_file.h"
#include "crypto/rotating_keys.h"
#include "privacy/doors.h"
#include "privacy/inventory.h"
#include "privacy/request.h"
#include "runtime/io_pool.h"
#include "runtime/rounds.h"
#include "runtime/task.h"
#include "runtime/workers.h"
#include "store/database.h"

namespace flowsell::privacy {

/// Does deletions whose time has come. Every process of a database has one, and they share the
/// work: what lies in a cell is done by who has it open, what is shared by whoever comes first. How
/// far a deletion is stands in the database, and every step may be done again, so that a process
/// may end at any point.
class Runner {
 public:
  /// All outlive it.
  struct Rooms {
    store::Database& shared;
    crypto::RotatingKeys& spool;
    IdSource& ids;
    const Clock& clock;
    runtime::IoPool& pool;
    audit::HeadKey key;
    std::function<void()> mail_waits;  ///< called when one does
    /// Deletions wait until an operator has approved them.
    bool review = false;
    std::string public_url;  ///< what links in mails begin with
  };
  explicit Runner(Rooms rooms);
  ~Runner();

  /// The pool runs, or will. `doors` outlive the end of stop().
  void start(Doors& doors);
  /// There may be something to do. From every thread.
  void wake() { rounds_.wake(); }
  /// No round begins any more. Blocking; before the databases stop.
  void stop();

  /// What can be done now. For start(), and for tests.
  Task<> round(Doors& doors);

  /// As the last round saw them.
  std::int64_t open_count() const noexcept { return open_; }
  std::int64_t overdue_count() const noexcept { return overdue_; }

 private:
  Awaitable<void> next();
  Task<> count();
  Task<> forget_stale();
  Task<> renew_links();
  Task<> advance(Doors& doors, DataRequest request);
  Task<bool> begin(DataRequest& request);
  Task<bool> do_step(Doors& doors, const DataRequest& request);

  Task<bool> erase_in_cells(Doors& doors, const DataRequest& request);
  Task<bool> end_workspace_in(Doors& doors, CellRooms rooms, DataRequest request);
  Task<bool> scrub_cell(CellRooms rooms);
  Task<bool> close_account(Doors& doors, const DataRequest& request);
  Task<bool> reopen_account(Doors& doors, const DataRequest& request);
  Task<bool> erase_number(CellRooms rooms, DataRequest request);
  Task<bool> take_keys(Doors& doors, const DataRequest& request);
  Task<bool> erase_record_here(const DataRequest& request);
  Task<bool> erase_shared_rows(const DataRequest& request);
  Task<bool> scrub(Doors& doors, const DataRequest& request);
  Task<bool> finish(const DataRequest& request);
  Task<bool> in_cells(Doors& doors, const DataRequest& request,
                      std::function<Task<bool>(CellRooms)> work);
  Task<bool> scrub_one(store::Database& db, Place place);
  Task<> hold(Doors& doors, DataRequest request, std::string reason);
  Result<> put_on_hold(store::Connection& db, const DataRequest& request,
                       const std::string& reason);

  Rooms rooms_;
  runtime::Workers workers_;  ///< for what blocks
  Doors* doors_ = nullptr;
  /// Of deletions of a number: a message to it that is under way.
  std::map<std::string, MessageId> waits_for_;
  bool waits_at_doors_ = false;  ///< the last round met cells that are not open here
  std::atomic<std::int64_t> open_{0}, overdue_{0};
  runtime::Rounds rounds_;
};

}  // namespace flowsell::privacy
