#include "mail/postman.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/random.h"
#include "mail_table.h"
#include "retry_schedule.h"
#include "telemetry/log.h"

namespace flowsell::mail {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kPollMin = 1s;
constexpr milliseconds kStoreRetry = 1s;
/// Another process is about to claim what is due.
constexpr milliseconds kPassedBy = 50ms;
constexpr auto kForgetEach = 1h;

struct ClaimOp final : store::WriteOp {
  ClaimOp(const Claimant& c, Time t, milliseconds l);
  Result<> apply(store::Connection& db) {
    claimed.reset();
    TRY(claimed, claim_due(db, claimant, now, now + lease));
    return {};
  }
  const Claimant& claimant;
  Time now;
  milliseconds lease;
  std::optional<ClaimedMail> claimed;  ///< result
};

struct SettleOp final : store::WriteOp {
  SettleOp(const ClaimedMail& m, const Claimant& c, const Ending& e, Time t);
  Result<> apply(store::Connection& db) {
    TRY(is_settled, settle(db, mail, claimant, ending, now));
    return {};
  }
  const ClaimedMail& mail;
  const Claimant& claimant;
  const Ending& ending;
  Time now;
  bool is_settled = false;  ///< result
};

struct ForgetOp final : store::WriteOp {
  explicit ForgetOp(Time b);
  Result<> apply(store::Connection& db) {
    TRY(forgotten, forget_settled(db, before));
    return {};
  }
  Time before;
  std::int64_t forgotten = 0;  ///< result
};

constexpr store::WriteKind kClaimKind{"mail_claim", 80, store::apply_each<ClaimOp>};
constexpr store::WriteKind kSettleKind{"mail_settle", 81, store::apply_each<SettleOp>};
constexpr store::WriteKind kForgetKind{"mail_forget", 94, store::apply_each<ForgetOp>};
ClaimOp::ClaimOp(const Claimant& c, Time t, milliseconds l)
    : WriteOp(kClaimKind), claimant(c), now(t), lease(l) {}
SettleOp::SettleOp(const ClaimedMail& m, const Claimant& c, const Ending& e, Time t)
    : WriteOp(kSettleKind), mail(m), claimant(c), ending(e), now(t) {}
ForgetOp::ForgetOp(Time b) : WriteOp(kForgetKind), before(b) {}

IdBytes random_id() {
  IdBytes id;
  fill_random(id);
  return id;
}

metrics::Counter& ended(metrics::Registry& metrics, MailState state) {
  return metrics.counter("connect_mails_total", "Mails whose end is known.",
                         "state=\"" + std::string(mail_state_name(state)) + "\"");
}

std::string reason_of(const Outcome& outcome) {
  std::string reason(outcome.reason);
  if (!outcome.status.empty()) reason += " " + outcome.status;
  return reason;
}

}  // namespace

/// What follows from an attempt.
struct Postman::Verdict {
  Ending ending;
  bool is_for_all = false;
};

Postman::Postman(store::Database& db, const crypto::RotatingKeys& spool, const Composer& composer,
                 Transport& transport, const Clock& clock, metrics::Registry& metrics,
                 PostmanOptions options)
    : db_(db),
      spool_(spool),
      composer_(composer),
      transport_(transport),
      clock_(clock),
      options_(options),
      me_(random_id()),
      sent_(ended(metrics, MailState::kSent)),
      failed_(ended(metrics, MailState::kFailed)),
      expired_(ended(metrics, MailState::kExpired)),
      attempts_failed_(metrics.counter("connect_mail_attempts_failed_total",
                                       "Attempts to send a mail that failed.")) {
  metrics.gauge(
      "connect_mail_delivery_works",
      "0 when the last attempt to send a mail failed for a reason that is not the mail's.",
      [this] { return works_ ? 1.0 : 0.0; });
}

Postman::~Postman() { stop(); }

// --- the thread ---

void Postman::start() {
  thread_ = std::thread([this] { run(); });
}

void Postman::stop(milliseconds grace) {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
    if (!changed_.wait_for(lock, grace, [this] { return has_ended_; })) transport_.interrupt();
  }
  thread_.join();
}

void Postman::wake() {
  const std::lock_guard lock(mutex_);
  is_woken_ = true;
  changed_.notify_all();
}

bool Postman::wait(milliseconds span) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, span, [this] { return is_woken_ || is_stopping_; });
  is_woken_ = false;
  return !is_stopping_;
}

void Postman::run() {
  while (wait(work())) {
  }
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  changed_.notify_all();
}

milliseconds Postman::work() {
  const milliseconds poll = std::max(options_.poll, kPollMin);
  if (const auto left = pause_left(); left > 0ms) return left;
  Result<std::optional<Time>> due;
  if (const auto read = db_.read_now([&due](store::Connection& db) { due = next_due(db); });
      !read || !due)
    return poll;
  const Time now = clock_.now();
  if (!*due || **due > now) {
    forget_old_ones();
    return *due ? std::min(poll, **due - now) : poll;
  }
  const auto delivered = deliver_next();
  if (!delivered) return kStoreRetry;
  return *delivered ? 0ms : kPassedBy;
}

milliseconds Postman::pause_left() const {
  return std::chrono::ceil<milliseconds>(not_before_ - clock_.steady_now());
}

Result<std::size_t> Postman::send_due() {
  std::size_t attempts = 0;
  while (pause_left() <= 0ms) {
    TRY(const bool delivered, deliver_next());
    if (!delivered) break;
    ++attempts;
  }
  return attempts;
}

// --- one mail ---

/// False: none was due.
Result<bool> Postman::deliver_next() {
  const SteadyTime begun = clock_.steady_now();
  ClaimOp claim(me_, clock_.now(), options_.lease);
  CHECK_OK(db_.commit_now(claim));
  if (!claim.claimed) return false;
  const Verdict verdict = attempt(*claim.claimed, begun);
  works_ = !verdict.is_for_all;
  if (verdict.is_for_all) not_before_ = clock_.steady_now() + options_.pause;
  record(*claim.claimed, verdict);
  return true;
}

Postman::Verdict Postman::attempt(const ClaimedMail& mail, SteadyTime begun) {
  if (clock_.now() >= mail.expires_at) return {{.state = MailState::kExpired}};
  const auto opened = open_mail(spool_, mail);
  if (!opened && opened.error().code == ErrorCode::kNotFound)
    return {{.state = MailState::kExpired, .reason = "key_destroyed"}};
  // A newer version of the program may have queued it, and will understand it.
  if (!opened) return judge(mail, {.reason = "not_understood"});
  const auto letter = composer_.compose(*opened);
  if (!letter) return judge(mail, {.reason = "not_understood"});
  // The claim took so long that another may have it before this attempt ends.
  if (clock_.steady_now() - begun > options_.lease / 2)
    return judge(mail, {.reason = "claim_over"});
  return judge(mail, transport_.send(*letter));
}

Postman::Verdict Postman::judge(const ClaimedMail& mail, const Outcome& outcome) {
  Verdict verdict;
  verdict.is_for_all = outcome.is_for_all;
  if (outcome.end == Outcome::End::kSent) {
    verdict.ending.state = MailState::kSent;
    return verdict;
  }
  verdict.ending.code = outcome.code;
  verdict.ending.reason = reason_of(outcome);
  verdict.ending.next = clock_.now();
  if (outcome.end == Outcome::End::kInterrupted) return verdict;
  attempts_failed_.add();
  if (outcome.end == Outcome::End::kRefused) {
    verdict.ending.state = MailState::kFailed;
    return verdict;
  }
  verdict.ending.next += pause_after(mail.attempt, random_unit());
  if (verdict.ending.next >= mail.expires_at) verdict.ending.state = MailState::kExpired;
  return verdict;
}

/// Waits for a database that can't be reached: without it there is nothing else to do.
void Postman::record(const ClaimedMail& mail, const Verdict& verdict) {
  const Ending& ending = verdict.ending;
  const std::string id = mail_id_text(mail.id);
  if (ending.state != MailState::kSent) {
    log::warn("a mail could not be sent", {{"mail", id},
                                           {"kind", mail.kind},
                                           {"attempt", mail.attempt},
                                           {"reason", ending.reason},
                                           {"code", ending.code},
                                           {"state", mail_state_name(ending.state)}});
  }
  SettleOp op(mail, me_, ending, clock_.now());
  auto stored = db_.commit_now(op);
  while (!stored && stored.error().code == ErrorCode::kStoreUnavailable && wait(kStoreRetry))
    stored = db_.commit_now(op);
  if (!stored) {
    log::error("the end of an attempt to send a mail could not be stored: it is made again",
               {{"mail", id}});
    return;
  }
  if (!op.is_settled) log::warn("a mail was another's when its attempt ended", {{"mail", id}});
  if (ending.state == MailState::kSent) {
    log::debug("a mail was sent", {{"mail", id}, {"kind", mail.kind}});
    sent_.add();
  }
  if (ending.state == MailState::kFailed) failed_.add();
  if (ending.state == MailState::kExpired) expired_.add();
}

void Postman::forget_old_ones() {
  const SteadyTime now = clock_.steady_now();
  if (forgot_at_ && now - *forgot_at_ < kForgetEach) return;
  forgot_at_ = now;
  ForgetOp op(clock_.now() - options_.keep);
  do {
    if (!db_.commit_now(op)) return;  // the next hour does it
  } while (op.forgotten > 0);
}

}  // namespace flowsell::mail
