#include "audit_signing.h"

#include <boost/asio/post.hpp>
#include <filesystem>

#include "audit/event.h"
#include "runtime/spawn.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 1min;
/// Reaches back over a transaction that took long, and clocks that differ.
constexpr auto kReach = 10min;
constexpr auto kRoundMax = 10s;  ///< of waiting for the end of one
/// Every chain is looked at after so many rounds, whatever its times say.
constexpr int kRoundsBetweenAll = 60;

}  // namespace

std::filesystem::path audit_head_file(const config::Settings& settings) {
  return std::filesystem::path(settings.data.dir) / "audit-heads.jsonl";
}

AuditSigning::AuditSigning(runtime::IoPool& pool, store::Database& db, audit::HeadFile& file,
                           const Clock& clock)
    : db_(db), file_(file), clock_(clock), timer_(pool.context(0)) {}

void AuditSigning::start() {
  working_.begin();
  runtime::spawn_logged(timer_.get_executor(), run(), "signing of the audit log");
}

/// True: there is more to sign.
Result<bool> AuditSigning::sign(Result<audit::ChangedHeads> changed) {
  if (!changed) return std::unexpected(std::move(changed).error());
  for (const audit::Verdict& broken : changed->broken) {
    log::error("the audit log was tampered with", {{"scope", audit::scope_name(broken.end.scope)},
                                                   {"sequence", broken.fault->seq},
                                                   {"what", audit::describe(broken.fault->check)}});
  }
  TRY([[maybe_unused]] const std::size_t written, file_.write(changed->sound, clock_.now()));
  return changed->more;
}

Task<> AuditSigning::round(Time since) {
  while (true) {
    auto changed = co_await db_.read(
        [this, since](store::Connection& db) { return audit::changed_heads(db, file_, since); });
    CO_TRY(const bool more, sign(std::move(changed)));
    if (!more || is_stopping_) co_return Result<>{};
  }
}

Awaitable<void> AuditSigning::run() {
  for (int n = 0; !is_stopping_; n = (n + 1) % kRoundsBetweenAll) {
    const Time since = n == 0 ? Time() : clock_.now() - kReach;
    if (const auto done = co_await round(since); !done)
      log::warn("the audit log could not be signed", {{"why", done.error().detail}});
    if (is_stopping_) break;
    timer_.expires_after(kPause);
    co_await timer_.async_wait(use_result);
  }
  working_.end();
}

Result<audit::ChangedHeads> AuditSigning::read_now(Time since) {
  Result<audit::ChangedHeads> changed;
  CHECK_OK(db_.read_now(
      [&](store::Connection& db) { changed = audit::changed_heads(db, file_, since); }));
  return changed;
}

void AuditSigning::stop() {
  if (is_stopping_.exchange(true)) return;
  working_.begin();
  net::post(timer_.get_executor(), [this] {
    timer_.cancel();
    working_.end();
  });
  (void)working_.wait_idle(kRoundMax);
  bool more = db_.healthy();
  while (more) {
    const auto signed_now = sign(read_now(clock_.now() - kReach));
    more = signed_now.value_or(false);
  }
}

}  // namespace flowsell::app
