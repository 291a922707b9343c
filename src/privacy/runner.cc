#include "privacy/runner.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "accounts/accounts.h"
#include "audit/audit_log.h"
#include "erasure.h"
#include "hold_table.h"
#include "mail/queue.h"
#include "operators/operators.h"
#include "privacy/certificate.h"
#include "request_table.h"
#include "rows.h"
#include "stop_link.h"
#include "store/change.h"
#include "telemetry/log.h"

namespace flowsell::privacy {
namespace {

using namespace std::chrono_literals;
using store::Sql;

constexpr auto kPause = 15s;
/// While cells are not open here that will be soon, or are about to be done elsewhere.
constexpr auto kPauseAtDoors = 2s;
constexpr auto kRoundMax = 10s;  ///< of waiting for the end of one
constexpr std::size_t kBlockingMax = 4;

// Of people whom the workspace's own identity providers let in.
const Sql kEndSessions("DELETE FROM sessions WHERE provider_workspace_id = ?1");
const Sql kTakePassword("UPDATE users SET password_hash = '' WHERE id = ?1");

/// A step is one transaction of the shared tables, or its end is: failpoints of this kind are
/// between any two steps.
constexpr store::WriteKind kKind{"deletion", 94, store::apply_each<store::Change>};

Result<> delete_shared(store::Connection& db, Fate fate, const DataRequest& request) {
  const bool is_account = request.subject == Subject::kAccount;
  for (const HeldTable& table : inventory()) {
    if (table.place != Place::kShared) continue;
    const Fate its = is_account ? table.of_account : table.of_workspace;
    if (its != fate) continue;
    CHECK_OK(is_account ? delete_rows(db, table, table.user_column, request.user)
                        : delete_rows(db, table, table.workspace_column, request.workspace));
  }
  return {};
}

/// Tables that a deletion may have touched.
std::vector<std::string_view> touched(Place place) {
  std::vector<std::string_view> names;
  for (const HeldTable& table : inventory()) {
    const bool is_there = table.place == place || table.place == Place::kBoth;
    const auto goes = [](Fate fate) { return fate != Fate::kNone && fate != Fate::kStays; };
    // Its rows stay, but lose what named a number.
    const bool forgets = table.name == "data_requests";
    if (is_there && (forgets || goes(table.of_account) || goes(table.of_workspace)))
      names.push_back(table.name);
  }
  return names;
}

}  // namespace

Runner::Runner(Rooms rooms)
    : rooms_(std::move(rooms)),
      workers_(1, kBlockingMax),
      rounds_(rooms_.pool.context(0).get_executor(), "deletions", kPause,
              runtime::Rounds::First::kAtOnce, [this] { return next(); }) {}

Runner::~Runner() { workers_.stop(); }

void Runner::start(Doors& doors) {
  doors_ = &doors;
  rounds_.start();
}

void Runner::stop() {
  if (rounds_.is_stopping()) return;
  rounds_.stop();
  if (!rounds_.wait(kRoundMax)) log::warn("a deletion is still under way", {});
}

Awaitable<void> Runner::next() {
  waits_at_doors_ = doors_->cell_count() == 0;
  if (const auto done = co_await round(*doors_); !done)
    log::warn("deletions could not go on; they are tried again", {{"why", done.error().detail}});
  if (waits_at_doors_) rounds_.pause_once(kPauseAtDoors);
}

Task<> Runner::count() {
  const Time now = rooms_.clock.now();
  CO_TRY(const Counts counts,
         co_await rooms_.shared.read([now](store::Connection& db) { return count_open(db, now); }));
  open_ = counts.open;
  overdue_ = counts.overdue;
  co_return Result<>{};
}

Task<> Runner::round(Doors& doors) {
  CO_CHECK_OK(co_await count());
  CO_CHECK_OK(co_await forget_stale());
  CO_CHECK_OK(co_await renew_links());
  if (doors.cell_count() == 0) co_return Result<>{};
  const Time now = rooms_.clock.now();
  CO_TRY(const auto due,
         co_await rooms_.shared.read([now, unreviewed = !rooms_.review](store::Connection& db) {
           return due_deletions(db, now, unreviewed);
         }));
  for (const DataRequest& request : due) {
    if (rounds_.is_stopping()) break;
    const auto done = co_await advance(doors, request);
    if (done) continue;
    log::warn("a deletion did not go on",
              {{"request_id", request.id.str()}, {"why", done.error().detail}});
    // What only people can put right; all else is tried again.
    if (done.error().code == ErrorCode::kConflict)
      CO_CHECK_OK(co_await hold(doors, request, done.error().detail));
  }
  if (!due.empty()) CO_CHECK_OK(co_await count());
  co_return Result<>{};
}

/// Numbers stay no longer than what was asked about them can be downloaded.
Task<> Runner::forget_stale() {
  const Time now = rooms_.clock.now();
  CO_TRY(const auto stale, co_await rooms_.shared.read([now](store::Connection& db) {
    return count_stale_contacts(db, now);
  }));
  if (stale == 0) co_return Result<>{};
  auto forget = [now](store::Connection& db) { return forget_stale_contacts(db, now); };
  co_return co_await store::change(rooms_.shared, kKind, std::move(forget));
}

/// A link that went to an address which the account has left is void; the new one gets its own.
Task<> Runner::renew_links() {
  CO_TRY(const auto all,
         co_await rooms_.shared.read([](store::Connection& db) { return linked_requests(db); }));
  for (const LinkedRequest& each : all) {
    if (each.sent_to == address_mark(each.request.id, each.email)) continue;
    const Time now = rooms_.clock.now();
    const Secret token = new_link_token(each.request.id);
    const LinkMail mail{rooms_.spool, rooms_.ids, rooms_.public_url, now};
    auto renew = [&](store::Connection& db) -> Result<> {
      const LinkMarks marks = marks_of(each.request, token, each.email);
      TRY(const bool is_replaced, replace_link(db, each.request.id, marks, each.sent_to));
      if (!is_replaced) return {};
      CHECK_OK(put_link_mail(db, mail, each.request, each.email, token));
      return audit::append(db,
                           act_about(rooms_.ids, now, each.request, "data_request.link_renewed"));
    };
    CO_CHECK_OK(co_await store::change(rooms_.shared, kKind, std::move(renew)));
    rooms_.mail_waits();
  }
  co_return Result<>{};
}

/// As many steps as are possible here and now.
Task<> Runner::advance(Doors& doors, DataRequest request) {
  if (request.state != State::kRunning) {
    CO_TRY(const bool has_begun, co_await begin(request));
    if (!has_begun) co_return Result<>{};
  }
  while (!rounds_.is_stopping() && request.step != Step::kNone) {
    CO_TRY(const bool is_done, co_await do_step(doors, request));
    if (!is_done || request.step == Step::kFinish || request.step == Step::kReopen) break;
    const Step next = next_step(request.subject, request.step);
    auto pass = [&](store::Connection& db) { return pass_step(db, request, next); };
    CO_TRY(const bool passed, co_await store::change(rooms_.shared, kKind, std::move(pass)));
    if (!passed) break;  // another process is further, or it is held: the next round looks anew
    request.step = next;
  }
  co_return Result<>{};
}

/// False: it was stopped, or begun by somebody else, in the meantime.
Task<bool> Runner::begin(DataRequest& request) {
  const Time now = rooms_.clock.now();
  const Step first = first_step(request.subject);
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const auto hold, hold_over(db, request));
    if (hold) {
      // It was put in this moment: else the request would not be due.
      CHECK_OK(put_on_hold(db, request, hold->reason));
      return false;
    }
    const Move move{bit(request.state), State::kRunning, first, {}, std::nullopt};
    TRY(const bool is_moved, move_request(db, request.id, move));
    if (!is_moved) return false;
    CHECK_OK(drop_parts(db, request.id));
    if (request.subject == Subject::kAccount)
      CHECK_OK(accounts::Accounts::close_in(db, request.user, now));
    CHECK_OK(audit::append(db, act_about(rooms_.ids, now, request, "data_request.begun")));
    return true;
  };
  CO_TRY(const bool has_begun, co_await store::change(rooms_.shared, kKind, std::move(body)));
  request.state = State::kRunning;
  request.step = first;
  co_return has_begun;
}

/// True: the step is done everywhere.
Task<bool> Runner::do_step(Doors& doors, const DataRequest& request) {
  switch (request.step) {
    case Step::kCheck:
      co_return co_await close_account(doors, request);
    case Step::kKeys:
      co_return co_await take_keys(doors, request);
    case Step::kCells:
      co_return co_await erase_in_cells(doors, request);
    case Step::kRecord:
      co_return co_await erase_record_here(request);
    case Step::kRows:
      co_return co_await erase_shared_rows(request);
    case Step::kScrub:
      co_return co_await scrub(doors, request);
    case Step::kFinish:
      co_return co_await finish(request);
    case Step::kReopen:
      co_return co_await reopen_account(doors, request);
    case Step::kNone:
      break;
  }
  co_return false;
}

/// In each cell that the request is about, where it was not done yet and the cell is open here.
/// True: it is done in all.
Task<bool> Runner::in_cells(Doors& doors, const DataRequest& request,
                            std::function<Task<bool>(CellRooms)> work) {
  std::vector<std::size_t> cells;
  if (request.subject == Subject::kAccount) {
    for (std::size_t cell = 0; cell < doors.cell_count(); ++cell) cells.push_back(cell);
  } else {
    CO_TRY(const auto cell, co_await doors.cell_of(request.workspace));
    if (cell) cells.push_back(*cell);
  }
  CO_TRY(const auto done, co_await rooms_.shared.read(
                              [&](store::Connection& db) { return list_parts(db, request); }));
  bool all_done = true;
  for (const std::size_t cell : cells) {
    const auto number = static_cast<std::int64_t>(cell);
    if (std::ranges::find(done, number) != done.end()) continue;
    const auto door = doors.enter_cell(cell);
    if (!door) {
      waits_at_doors_ = true;
      all_done = false;
      continue;
    }
    CO_TRY(const bool is_done, co_await work(door->rooms()));
    if (!is_done) {
      all_done = false;
      continue;
    }
    const Time now = rooms_.clock.now();
    auto note = [&](store::Connection& db) { return put_part(db, request, number, now); };
    CO_CHECK_OK(co_await store::change(rooms_.shared, kKind, std::move(note)));
  }
  co_return all_done;
}

/// For people to look at. An account is opened again first, everywhere.
Task<> Runner::hold(Doors& doors, DataRequest request, std::string reason) {
  const bool is_account = request.subject == Subject::kAccount;
  auto body = [&](store::Connection& db) -> Result<> {
    if (!is_account) return put_on_hold(db, request, reason);
    const Move move{bit(State::kRunning), State::kRunning, Step::kReopen, reason, std::nullopt};
    TRY([[maybe_unused]] const bool is_moved, move_request(db, request.id, move));
    return {};
  };
  CO_CHECK_OK(co_await store::change(rooms_.shared, kKind, std::move(body)));
  if (!is_account) co_return Result<>{};
  request.state = State::kRunning;
  request.step = Step::kReopen;
  request.reason = std::move(reason);
  co_return co_await advance(doors, std::move(request));
}

Result<> Runner::put_on_hold(store::Connection& db, const DataRequest& request,
                             const std::string& reason) {
  constexpr std::int64_t kBegun = bit(State::kRunning);
  constexpr std::int64_t kDue = bit(State::kReceived) | bit(State::kApproved);
  const Move move{kBegun | kDue, State::kOnHold, Step::kNone, reason, std::nullopt};
  TRY(const bool is_moved, move_request(db, request.id, move));
  if (!is_moved) return {};
  // What was done in some cells may be undone when it goes on.
  CHECK_OK(drop_parts(db, request.id));
  return audit::append(db, act_about(rooms_.ids, rooms_.clock.now(), request, "data_request.held"));
}

Task<bool> Runner::reopen_account(Doors& doors, const DataRequest& request) {
  auto work = [&request](CellRooms rooms) -> Task<bool> {
    return reopen_in_cell(std::move(rooms), request.user);
  };
  CO_TRY(const bool is_open, co_await in_cells(doors, request, work));
  if (!is_open) co_return false;
  auto body = [&](store::Connection& db) -> Result<> {
    CHECK_OK(accounts::Accounts::reopen_in(db, request.user));
    return put_on_hold(db, request, request.reason);
  };
  CO_CHECK_OK(co_await store::change(rooms_.shared, kKind, std::move(body)));
  co_return true;
}

Task<bool> Runner::close_account(Doors& doors, const DataRequest& request) {
  const Tools tools{rooms_.ids, rooms_.clock};
  auto work = [&](CellRooms rooms) { return close_in_cell(std::move(rooms), tools, request.user); };
  co_return co_await in_cells(doors, request, work);
}

Task<bool> Runner::erase_in_cells(Doors& doors, const DataRequest& request) {
  const Tools tools{rooms_.ids, rooms_.clock};
  AccountSubject account;
  if (request.subject == Subject::kAccount) {
    CO_TRY(account, co_await account_of(rooms_.shared, request.user));
  }
  auto work = [&](CellRooms rooms) -> Task<bool> {
    switch (request.subject) {
      case Subject::kRecipient:
        return erase_number(std::move(rooms), request);
      case Subject::kWorkspace:
        return erase_workspace(std::move(rooms), tools, request);
      case Subject::kAccount:
        break;
    }
    return erase_account_in_cell(std::move(rooms), tools, account);
  };
  co_return co_await in_cells(doors, request, work);
}

/// All of the workspace is looked through once, and again only when the message that it waited for
/// has ended.
Task<bool> Runner::erase_number(CellRooms rooms, DataRequest request) {
  const std::string id = request.id.str();
  const WorkspaceId workspace = request.workspace;
  if (const auto known = waits_for_.find(id); known != waits_for_.end()) {
    auto look = [workspace, message = known->second](store::Connection& db) {
      return still_waits(db, workspace, message);
    };
    CO_TRY(const bool waits, co_await rooms.db.read(std::move(look)));
    if (waits) co_return false;
    waits_for_.erase(id);
  }
  const Tools tools{rooms_.ids, rooms_.clock};
  CO_TRY(const auto erased, co_await erase_recipient(rooms, tools, std::move(request)));
  if (!erased.waits_for.is_none()) waits_for_.emplace(id, erased.waits_for);
  co_return erased.is_done;
}

Task<bool> Runner::take_keys(Doors& doors, const DataRequest& request) {
  if (request.subject == Subject::kWorkspace) {
    auto work = [&](CellRooms rooms) { return end_workspace_in(doors, std::move(rooms), request); };
    CO_TRY(const bool is_ended, co_await in_cells(doors, request, work));
    if (!is_ended) co_return false;
    auto end = [&](store::Connection& db) -> Result<> {
      CHECK_OK(db.write(kEndSessions, {request.workspace}));
      return delete_shared(db, Fate::kKeys, request);
    };
    CO_CHECK_OK(co_await store::change(rooms_.shared, kKind, std::move(end)));
    co_return true;
  }
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool is_last, operators::is_last_superadmin(db, request.user));
    if (is_last) return false;
    // It is, unless an older version has begun.
    CHECK_OK(accounts::Accounts::close_in(db, request.user, rooms_.clock.now()));
    CHECK_OK(delete_shared(db, Fate::kKeys, request));
    CHECK_OK(db.write(kTakePassword, {request.user}));
    CHECK_OK(
        audit::append(db, act_about(rooms_.ids, rooms_.clock.now(), request, "user.signed_out")));
    return true;
  };
  CO_TRY(const bool are_taken, co_await store::change(rooms_.shared, kKind, std::move(body)));
  if (!are_taken)
    co_return fail(ErrorCode::kConflict, "the account has become the last superadmin's");
  co_return true;
}

Task<bool> Runner::end_workspace_in(Doors& doors, CellRooms rooms, DataRequest request) {
  const Tools tools{rooms_.ids, rooms_.clock};
  CO_CHECK_OK(co_await revoke_keys(rooms, tools, request));
  // Its tokens are needed for that: they go with its key.
  CO_TRY(const bool has_parted, co_await rooms.part(request.workspace));
  if (!has_parted) co_return false;
  CO_CHECK_OK(co_await doors.withdraw_names(rooms, request.workspace));
  CO_CHECK_OK(co_await end_workspace(std::move(rooms), tools, std::move(request)));
  co_return true;
}

Task<bool> Runner::erase_record_here(const DataRequest& request) {
  const Tools tools{rooms_.ids, rooms_.clock};
  CO_TRY(const auto account, co_await account_of(rooms_.shared, request.user));
  auto should_stop = [this] { return rounds_.is_stopping().load(); };
  co_return co_await erase_record(rooms_.shared, tools, account, should_stop);
}

Task<bool> Runner::erase_shared_rows(const DataRequest& request) {
  const Time now = rooms_.clock.now();
  AccountSubject account;
  if (request.subject == Subject::kAccount) {
    CO_TRY(account, co_await account_of(rooms_.shared, request.user));
  }
  auto body = [&](store::Connection& db) -> Result<> {
    if (request.subject == Subject::kRecipient) return forget_contact(db, request);
    // Once more: where an older version runs beside this one, somebody may have come in since.
    CHECK_OK(delete_shared(db, Fate::kKeys, request));
    CHECK_OK(delete_shared(db, Fate::kRows, request));
    // Its row is gone: another process was here.
    if (account.email.empty()) return {};
    CHECK_OK(settle_link(db, request.id, address_mark(request.id, account.email)));
    TRY(auto mails, mail::waiting_for(db, rooms_.spool, account.email));
    // That tells of this deletion, and has the way to its certificate.
    std::erase_if(mails, [](const mail::WaitingMail& each) {
      return each.kind == mail::MailKind::kAccountDeletionRequested;
    });
    CHECK_OK(mail::drop_mails(db, mails));
    mail::Mail last;
    last.id = rooms_.ids.next_bytes();
    last.kind = mail::MailKind::kAccountDeleted;
    last.to = Content(account.email);
    last.params.emplace("when", Content(format_time(now).substr(0, 10)));
    last.now = now;
    CHECK_OK(mail::enqueue(db, rooms_.spool, last));
    return audit::append(db, act_about(rooms_.ids, now, request, "user.deleted"));
  };
  CO_CHECK_OK(co_await store::change(rooms_.shared, kKind, std::move(body)));
  rooms_.mail_waits();
  co_return true;
}

Task<bool> Runner::scrub_one(store::Database& db, Place place) {
  const auto tables = touched(place);
  auto work = [&]() -> Result<> { return db.scrub(tables); };
  CO_CHECK_OK(co_await workers_.run(std::move(work)));
  co_return true;
}

/// Where one database has it all, that is done once, at the end.
Task<bool> Runner::scrub_cell(CellRooms rooms) {
  if (&rooms.db == &rooms_.shared) co_return true;
  co_return co_await scrub_one(rooms.db, Place::kCell);
}

Task<bool> Runner::scrub(Doors& doors, const DataRequest& request) {
  auto work = [this](CellRooms rooms) { return scrub_cell(std::move(rooms)); };
  CO_TRY(const bool is_done, co_await in_cells(doors, request, work));
  if (!is_done) co_return false;
  co_return co_await scrub_one(rooms_.shared, Place::kShared);
}

Task<bool> Runner::finish(const DataRequest& request) {
  const Time now = rooms_.clock.now();
  const std::string certificate = certificate_of(request, now, rooms_.key);
  auto body = [&](store::Connection& db) -> Result<bool> {
    TRY(const bool is_finished, finish_request(db, request.id, now, certificate));
    if (!is_finished) return false;
    CHECK_OK(audit::append(db, act_about(rooms_.ids, now, request, "data_request.done")));
    return true;
  };
  co_return co_await store::change(rooms_.shared, kKind, std::move(body));
}

}  // namespace flowsell::privacy
