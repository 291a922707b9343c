#include "privacy/desk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "audit/audit_log.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "erasure.h"
#include "mail/queue.h"
#include "operators/operators.h"
#include "privacy/export.h"
#include "request_table.h"
#include "store/change.h"

namespace flowsell::privacy {
namespace {

using store::Sql;

constexpr std::size_t kIdLength = 30;
constexpr std::size_t kReasonBytesMax = 400;
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

Error invalid_token() { return {ErrorCode::kInvalidToken, "the token is wrong, or too old"}; }

/// "2026-11-23 03:04 UTC"
std::string day_text(Time at) {
  std::string text = format_time(at).substr(0, 16);
  text[10] = ' ';
  return text + " UTC";
}

}  // namespace

/// What became of a wish.
struct Desk::Taken {
  std::optional<Error> refused;
};

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

Result<> Desk::put_mail(store::Connection& db, const DataRequest& request, const std::string& email,
                        const Secret& token) const {
  std::string link = options_.public_url;
  link.append("/keep-account#token=").append(token.reveal());
  mail::Mail mail;
  mail.id = rooms_.ids.next_bytes();
  mail.kind = mail::MailKind::kAccountDeletionRequested;
  mail.to = Content(email);
  mail.params.emplace("when", Content(day_text(request.created_at)));
  mail.params.emplace("deleted_on", Content(day_text(*request.runs_after)));
  mail.params.emplace("link", Content(std::move(link)));
  mail.now = request.created_at;
  return mail::enqueue(db, rooms_.spool, mail);
}

Task<DataRequest> Desk::ask(Asked asked, audit::Origin from) {
  const DataRequest request = request_of(asked);
  const bool is_deletion = asked.kind == Kind::kDeletion;
  const Secret token(request.id.str() + std::string(crypto::random_token().reveal()));
  const auto token_hash = crypto::sha256(token.reveal());
  auto body = [&](store::Connection& db) -> Result<Taken> {
    std::string email;
    if (asked.subject == Subject::kAccount) {
      TRY(email, email_of(db, asked.user));
      if (email.empty()) return Taken{Error{ErrorCode::kNotFound, "there is no such account"}};
    }
    if (is_deletion) {
      TRY(const auto open, find_open_deletion(db, request));
      if (open) {
        return Taken{
            Error{ErrorCode::kConflict, "a deletion of it is open already: " + open->str()}};
      }
    }
    if (is_deletion && asked.subject == Subject::kAccount) {
      std::optional<WorkspaceId> owned;
      CHECK_OK(db.query(kLastOwned, {asked.user},
                        [&](const store::Row& row) { owned = row.id<WorkspaceId>(0); }));
      TRY(const bool is_last, operators::is_last_superadmin(db, asked.user));
      if (is_last) {
        return Taken{
            Error{ErrorCode::kConflict,
                  "the account is the last superadmin's: make another operator one first"}};
      }
      if (owned) {
        return Taken{Error{ErrorCode::kConflict,
                           "the account is the last owner of " + owned->str() +
                               ": make somebody else an owner of it, or delete it, first"}};
      }
    }
    const bool has_mail = is_deletion && !email.empty();
    CHECK_OK(insert_request(db, request, has_mail ? as_text(token_hash) : std::string_view("")));
    if (has_mail) CHECK_OK(put_mail(db, request, email, token));
    auto act = audit::new_act(rooms_.ids, request.created_at, chain_of(request), asked.by, from,
                              "data_request.asked", request.id.str());
    act.after = audit::json_of(
        {{"kind", kind_name(request.kind)}, {"subject", subject_name(request.subject)}});
    CHECK_OK(append_both(db, std::move(act), asked.also));
    return Taken{};
  };
  CO_TRY(auto taken, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (taken.refused) co_return std::unexpected(*std::move(taken.refused));
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
  CO_TRY(auto found, co_await rooms_.db.read([&](store::Connection& db) {
    return find_request_by_token(db, *id, hash);
  }));
  if (!found) co_return std::unexpected(invalid_token());
  co_return *std::move(found);
}

Task<RequestPage> Desk::list(Query query) const {
  const Time now = rooms_.clock.now();
  co_return co_await rooms_.db.read(
      [&query, now](store::Connection& db) { return list_requests(db, query, now); });
}

Task<std::string> Desk::export_account(DataRequest request, std::vector<std::string> more) const {
  const Time now = rooms_.clock.now();
  co_return co_await privacy::export_account(rooms_.db, rooms_.spool, std::move(request), now,
                                             std::move(more));
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
  if (request.kind != Kind::kExport) co_return fail(ErrorCode::kConflict, "that is no export");
  if (request.download_until.value_or(Time()) <= now)
    co_return fail(ErrorCode::kConflict, "the time for the download is over: ask for another");
  auto act = audit::new_act(rooms_.ids, now, chain_of(request), by, from, "data_request.downloaded",
                            request.id.str());
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
    CHECK_OK(audit::append(db, audit::new_act(rooms_.ids, now, chain_of(request), by, from,
                                              "data_request.cancelled", request.id.str())));
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
  if (reason.size() > kReasonBytesMax)
    co_return fail_field("/reason", "too_long", "a reason has 400 bytes at most",
                         "Say it shorter.");
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
    auto act = audit::new_act(rooms_.ids, now, chain_of(request), stepped.by, stepped.from,
                              std::string(wanted.act), request.id.str());
    act.before = audit::json_of({{"state", state_name(request.state)}});
    act.after = audit::json_of({{"state", state_name(wanted.to)}});
    CHECK_OK(append_both(db, std::move(act), stepped.also));
    return true;
  };
  CO_TRY(const bool is_moved, co_await store::change(rooms_.db, kKind, std::move(body)));
  if (is_moved) rooms_.work_waits();
  co_return co_await moved(std::move(request), is_moved);
}

}  // namespace flowsell::privacy
