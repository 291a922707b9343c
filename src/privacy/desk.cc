#include "privacy/desk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "accounts/accounts.h"
#include "audit/audit_log.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "erasure.h"
#include "hold_table.h"
#include "operators/operators.h"
#include "request_table.h"
#include "stop_link.h"
#include "store/change.h"

namespace flowsell::privacy {
namespace {

using store::Sql;

constexpr std::size_t kIdLength = 30;
constexpr std::size_t kReasonBytesMax = 400;
constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kRetryAfter{
    1};  ///< the oldest of a day's requests may be gone by then
constexpr std::int64_t kNotBegun =
    bit(State::kReceived) | bit(State::kInReview) | bit(State::kOnHold) | bit(State::kApproved);

constexpr store::WriteKind kKind{"data_request", 92, store::apply_each<store::Change>};

const Sql kLastOwned(
    "SELECT workspace_id FROM user_workspaces AS mine WHERE user_id = ?1 AND role = 1 AND NOT "
    "EXISTS (SELECT 1 FROM user_workspaces AS others WHERE others.workspace_id = "
    "mine.workspace_id AND others.role = 1 AND others.user_id <> ?1) ORDER BY workspace_id LIMIT "
    "1");

struct OperatorMove {
  OperatorStep step;
  std::string_view name, act;
  std::int64_t from;
  State to;
  bool needs_reason;
};
constexpr std::array kMoves = {
    OperatorMove{OperatorStep::kReview, "review", "data_request.reviewed",
                 bit(State::kReceived) | bit(State::kApproved), State::kInReview, false},
    OperatorMove{OperatorStep::kHold, "hold", "data_request.held",
                 bit(State::kReceived) | bit(State::kInReview) | bit(State::kApproved),
                 State::kOnHold, true},
    OperatorMove{OperatorStep::kRelease, "release", "data_request.released", bit(State::kOnHold),
                 State::kInReview, false},
    OperatorMove{OperatorStep::kApprove, "approve", "data_request.approved",
                 bit(State::kReceived) | bit(State::kInReview), State::kApproved, false},
    OperatorMove{OperatorStep::kRefuse, "refuse", "data_request.refused", kNotBegun,
                 State::kRefused, true},
};

/// On the record of whom it is about, and of who works on it.
Result<> append_both(store::Connection& db, audit::Act act, const std::optional<audit::Act>& also) {
  std::vector<audit::Act> acts = {std::move(act)};
  if (also) acts.push_back(*also);
  return audit::append(db, acts);
}

Error is_open_already(const std::string& which) {
  return {ErrorCode::kConflict, "a deletion of it is open already: " + which};
}

/// Why an account must not end yet.
Result<std::optional<Error>> still_needed(store::Connection& db, const UserId& user) {
  TRY(const bool is_last, operators::is_last_superadmin(db, user));
  if (is_last) {
    return Error{ErrorCode::kConflict,
                 "the account is the last superadmin's: make another operator one first"};
  }
  std::optional<WorkspaceId> owned;
  CHECK_OK(db.query(kLastOwned, {user},
                    [&owned](const store::Row& row) { owned = row.id<WorkspaceId>(0); }));
  if (!owned) return std::nullopt;
  return Error{ErrorCode::kConflict,
               "the account is the last owner of " + owned->str() +
                   ": make somebody else an owner of it, or delete it, first"};
}

/// A deletion of what is held begins on hold; one that was refused before waits for an operator.
Result<> settle_begin(store::Connection& db, DataRequest& request) {
  TRY(const auto hold, hold_over(db, request));
  if (hold) {
    request.state = State::kOnHold;
    request.reason = hold->reason;
    return {};
  }
  TRY(const bool is_doubtful, was_refused(db, request));
  if (is_doubtful) request.state = State::kInReview;
  return {};
}

/// What an operator's step does to the hold on the request's subject.
Result<> move_hold(store::Connection& db, const DataRequest& request, OperatorStep step,
                   const audit::Act& act, const std::string& reason) {
  if (step == OperatorStep::kHold) {
    const LegalHold hold{act.id,
                         request.subject,
                         request.user,
                         request.workspace,
                         request.recipient,
                         request.contact_hash,
                         reason,
                         act.actor.id,
                         act.at};
    TRY([[maybe_unused]] const bool is_new, insert_hold(db, hold));
    return {};
  }
  if (step != OperatorStep::kRelease) return {};
  CHECK_OK(drop_hold_of(db, request));
  TRY(const auto still, hold_over(db, request));
  if (!still) return {};
  return fail(ErrorCode::kConflict, "its workspace is held: " + still->id.str());
}

Error invalid_token() { return {ErrorCode::kInvalidToken, "the token is wrong, or too old"}; }

}  // namespace

/// Operators are not counted: each of their requests is on their record with its reason. Whoever
/// asks is held, so that many at once don't pass together.
Result<std::optional<Error>> Desk::check_count(store::Connection& db, const audit::Actor& by,
                                               Time now) {
  const auto user = UserId::parse(by.id);
  if (by.kind != audit::ActorKind::kUser || !user) return std::nullopt;
  TRY([[maybe_unused]] const bool is_there, accounts::Accounts::hold_in(db, *user));
  TRY(const AskerCounts counts, count_of_asker(db, by.id, now - kDay));
  if (counts.recent >= kPerUserAndDayMax) {
    Error error{ErrorCode::kRateLimited, "somebody asks for at most " +
                                             std::to_string(kPerUserAndDayMax) +
                                             " exports and deletions a day"};
    error.retry_after = kRetryAfter;
    return error;
  }
  if (counts.open < kOpenPerUserMax) return std::nullopt;
  return Error{ErrorCode::kConflict, "somebody has at most " + std::to_string(kOpenPerUserMax) +
                                         " requests that have not ended"};
}

Result<> Desk::check_reason(const std::string& reason) {
  if (reason.size() <= kReasonBytesMax) return {};
  return fail_field("/reason", "too_long", "a reason has 400 bytes at most", "Say it shorter.");
}

std::optional<OperatorStep> operator_step_named(std::string_view name) noexcept {
  const auto found = std::ranges::find(kMoves, name, &OperatorMove::name);
  return found == kMoves.end() ? std::nullopt : std::optional(found->step);
}

Desk::Desk(Rooms rooms, DeskOptions options)
    : rooms_(std::move(rooms)), options_(std::move(options)) {}

DataRequest Desk::request_of(const Asked& asked) const {
  const Time now = rooms_.clock.now();
  DataRequest request;
  request.id = asked.id;
  request.kind = asked.kind;
  request.subject = asked.subject;
  request.user = asked.user;
  request.workspace = asked.workspace;
  request.recipient = asked.recipient;
  request.contact_hash = asked.contact_hash;
  request.requested_by = asked.by.id;
  request.created_at = now;
  request.due_at = now + options_.due;
  if (asked.kind == Kind::kDeletion) {
    request.state = options_.review ? State::kInReview : State::kReceived;
    request.runs_after = now + options_.grace;
  } else {
    // It is made when it is downloaded: nothing is stored that would have to be deleted again.
    request.state = State::kDone;
    request.finished_at = now;
    request.download_until = now + kDownloadLife;
  }
  return request;
}

Task<DataRequest> Desk::ask(Asked asked, audit::Origin from) {
  DataRequest request = request_of(asked);
  const bool is_deletion = asked.kind == Kind::kDeletion;
  const Secret token = new_link_token(request.id);
  // Why it is not taken.
  auto body = [&](store::Connection& db) -> Result<std::optional<Error>> {
    TRY(auto too_many, check_count(db, asked.by, request.created_at));
    if (too_many) return too_many;
    std::string email;
    if (asked.subject == Subject::kAccount) {
      TRY(email, email_of(db, asked.user));
      if (email.empty()) return Error{ErrorCode::kNotFound, "there is no such account"};
    }
    if (is_deletion) {
      TRY(const auto open, find_open_deletion(db, request));
      if (open) return is_open_already(open->str());
      CHECK_OK(settle_begin(db, request));
    }
    if (is_deletion && asked.subject == Subject::kAccount) {
      TRY(auto needed, still_needed(db, asked.user));
      if (needed) return needed;
    }
    const bool has_mail = is_deletion && !email.empty();
    TRY(const bool is_first,
        insert_request(db, request, has_mail ? marks_of(request, token, email) : LinkMarks()));
    if (!is_first) return is_open_already("of this moment");
    const LinkMail mail{rooms_.spool, rooms_.ids, options_.public_url, request.created_at};
    if (has_mail) CHECK_OK(put_link_mail(db, mail, request, email, token));
    auto act =
        act_about(rooms_.ids, request.created_at, request, "data_request.asked", asked.by, from);
    act.after = audit::json_of(
        {{"kind", kind_name(request.kind)}, {"subject", subject_name(request.subject)}});
    CHECK_OK(append_both(db, std::move(act), asked.also));
    return std::nullopt;
  };
  CO_TRY(auto refused, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (refused) co_return std::unexpected(*std::move(refused));
  if (is_deletion) {
    rooms_.mail_waits();
    rooms_.work_waits();
  }
  co_return request;
}

Task<DataRequest> Desk::find(DataRequestId id) const {
  CO_TRY(auto found,
         co_await rooms_.db.read([id](store::Connection& db) { return find_request(db, id); }));
  if (!found) co_return fail(ErrorCode::kNotFound, "there is no such request");
  co_return *std::move(found);
}

Task<DataRequest> Desk::find_by_link(Secret token) const {
  const auto text = token.reveal();
  if (text.size() != kIdLength + crypto::kTokenLength) co_return std::unexpected(invalid_token());
  const auto id = DataRequestId::parse(text.substr(0, kIdLength));
  if (!id) co_return std::unexpected(invalid_token());
  const auto hash = crypto::sha256(text);
  auto read = [&](store::Connection& db) -> Result<std::optional<DataRequest>> {
    TRY(auto request, find_request_by_token(db, *id, hash));
    if (!request) return request;
    TRY(const std::string sent_to, link_address(db, *id));
    TRY(const std::string email, email_of(db, request->user));
    // Whoever has an address that the account has left has no part in it any more.
    const bool is_void = !sent_to.empty() && !email.empty() && sent_to != address_mark(*id, email);
    return is_void ? std::nullopt : std::move(request);
  };
  CO_TRY(auto found, co_await rooms_.db.read(std::move(read)));
  if (!found) co_return std::unexpected(invalid_token());
  co_return *std::move(found);
}

Task<RequestPage> Desk::list(Query query) const {
  const Time now = rooms_.clock.now();
  co_return co_await rooms_.db.read(
      [&query, now](store::Connection& db) { return list_requests(db, query, now); });
}

Task<ExportPart> Desk::export_account(DataRequest request, std::vector<std::string> more,
                                      ExportCursor from) const {
  const Time now = rooms_.clock.now();
  co_return co_await privacy::export_account(rooms_.db, rooms_.spool, std::move(request), now,
                                             std::move(more), std::move(from));
}

Task<ExportPart> Desk::export_member(store::Database& cell, DataRequest request,
                                     accounts::User user, WorkspaceId workspace,
                                     ExportCursor from) const {
  const Time now = rooms_.clock.now();
  CO_TRY(auto account, co_await account_of(rooms_.db, user.id));
  co_return co_await privacy::export_member(cell, std::move(request), std::move(user),
                                            std::move(account.former), workspace, now,
                                            std::move(from));
}

Task<ExportPart> Desk::export_workspace(store::Database& cell, DataRequest request,
                                        ExportCursor from) const {
  const Time now = rooms_.clock.now();
  co_return co_await privacy::export_workspace(rooms_.db, cell, std::move(request), now,
                                               std::move(from));
}

Result<> Desk::check_download(const DataRequest& request) const {
  if (request.kind != Kind::kExport) return fail(ErrorCode::kConflict, "that is no export");
  if (request.download_until.value_or(Time()) <= rooms_.clock.now())
    return fail(ErrorCode::kConflict, "the time for the download is over: ask for another");
  return {};
}

Task<> Desk::note_in_workspace(store::Database& cell, Asked asked, audit::Origin from) {
  auto act = audit::new_act(rooms_.ids, rooms_.clock.now(), std::string(asked.workspace.blob()),
                            asked.by, from, "data_request.asked", asked.id.str());
  act.after =
      audit::json_of({{"kind", kind_name(asked.kind)}, {"subject", subject_name(asked.subject)}});
  auto body = [&act](store::Connection& db) { return audit::append(db, act); };
  co_return co_await store::change(cell, kKind, std::move(body));
}

Task<> Desk::note_download(DataRequest request, audit::Actor by, audit::Origin from) {
  const Time now = rooms_.clock.now();
  CO_CHECK_OK(check_download(request));
  const auto act = act_about(rooms_.ids, now, request, "data_request.downloaded", by, from);
  auto body = [&act](store::Connection& db) { return audit::append(db, act); };
  co_return co_await store::change(rooms_.db, kKind, std::move(body));
}

/// What it has become.
Task<DataRequest> Desk::moved(DataRequest request, bool is_moved) {
  CO_TRY(auto now_it_is, co_await find(request.id));
  if (is_moved) co_return now_it_is;
  const bool is_export = now_it_is.kind == Kind::kExport;
  co_return fail(ErrorCode::kConflict,
                 is_export ? std::string("an export ends by itself")
                           : "the request is " + std::string(state_name(now_it_is.state)));
}

Task<DataRequest> Desk::cancel(DataRequest request, audit::Actor by, audit::Origin from) {
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<bool> {
    const Move move{kNotBegun, State::kCancelled, Step::kNone, {}, now};
    TRY(const bool is_moved, move_request(db, request.id, move));
    if (!is_moved) return false;
    CHECK_OK(
        audit::append(db, act_about(rooms_.ids, now, request, "data_request.cancelled", by, from)));
    return true;
  };
  CO_TRY(const bool is_moved, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (is_moved) rooms_.work_waits();  // it is counted no more
  co_return co_await moved(std::move(request), is_moved);
}

Task<DataRequest> Desk::step(DataRequest request, Stepped stepped) {
  const OperatorMove& wanted = *std::ranges::find(kMoves, stepped.step, &OperatorMove::step);
  const std::string reason = wanted.needs_reason ? stepped.reason : std::string();
  if (wanted.needs_reason && reason.empty())
    co_return fail_field("/reason", "required", "this step needs a reason", "Say why.");
  CO_CHECK_OK(check_reason(reason));
  // Four eyes: who wants an end does not say himself that it may be.
  if (stepped.step == OperatorStep::kApprove && request.requested_by == stepped.by.id)
    co_return fail_field("/step", "own_request", "who asked for it does not approve it",
                         "Let another operator approve it.");
  const Time now = rooms_.clock.now();
  auto body = [&](store::Connection& db) -> Result<bool> {
    Move move{wanted.from, wanted.to, Step::kNone, reason, std::nullopt};
    if (wanted.to == State::kRefused) move.finished_at = now;
    TRY(const bool is_moved, move_request(db, request.id, move));
    if (!is_moved) return false;
    auto act =
        act_about(rooms_.ids, now, request, std::string(wanted.act), stepped.by, stepped.from);
    act.before = audit::json_of({{"state", state_name(request.state)}});
    act.after = audit::json_of({{"state", state_name(wanted.to)}});
    CHECK_OK(move_hold(db, request, wanted.step, act, reason));
    auto also = stepped.also;
    if (also) also->name = act.name;  // one act, on two records
    CHECK_OK(append_both(db, std::move(act), also));
    return true;
  };
  CO_TRY(const bool is_moved, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (is_moved) rooms_.work_waits();
  co_return co_await moved(std::move(request), is_moved);
}

}  // namespace flowsell::privacy
