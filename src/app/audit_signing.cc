#include "audit_signing.h"

#include <filesystem>

#include "audit/event.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;

/// A round in which nothing is new is one look into an index.
constexpr auto kPause = 10s;
/// Reaches back over a transaction that took long, and clocks that differ.
constexpr auto kReach = 10min;
constexpr auto kRoundMax = 10s;  ///< of waiting for the end of one
constexpr int kRoundsBetweenAll = 360;

}  // namespace

std::filesystem::path audit_head_file(const config::Settings& settings) {
  const std::string& elsewhere = settings.audit.heads_file;
  return elsewhere.empty() ? std::filesystem::path(settings.data.dir) / "audit-heads.jsonl"
                           : std::filesystem::path(elsewhere);
}

AuditSigning::AuditSigning(runtime::IoPool& pool, store::Database& db, audit::HeadFile& file,
                           const Clock& clock)
    : db_(db),
      file_(file),
      clock_(clock),
      rounds_(pool.context(0).get_executor(), "signing of the audit log", kPause,
              runtime::Rounds::First::kAtOnce, [this] { return round(); }) {}

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

Task<> AuditSigning::sign_since(Time since) {
  while (true) {
    auto changed = co_await db_.read(
        [this, since](store::Connection& db) { return audit::changed_heads(db, file_, since); });
    CO_TRY(const bool more, sign(std::move(changed)));
    if (!more || rounds_.is_stopping()) co_return Result<>{};
  }
}

Awaitable<void> AuditSigning::round() {
  const bool is_for_all = rounds_until_all_ == 0;
  rounds_until_all_ = is_for_all ? kRoundsBetweenAll - 1 : rounds_until_all_ - 1;
  if (const auto done = co_await sign_since(is_for_all ? Time() : clock_.now() - kReach); !done)
    log::warn("the audit log could not be signed", {{"why", done.error().detail}});
}

Result<audit::ChangedHeads> AuditSigning::read_now(Time since) {
  Result<audit::ChangedHeads> changed;
  CHECK_OK(db_.read_now(
      [&](store::Connection& db) { changed = audit::changed_heads(db, file_, since); }));
  return changed;
}

void AuditSigning::stop() {
  if (rounds_.is_stopping()) return;
  rounds_.stop();
  (void)rounds_.wait(kRoundMax);
  bool more = db_.healthy();
  while (more) {
    const auto signed_now = sign(read_now(clock_.now() - kReach));
    more = signed_now.value_or(false);
  }
}

}  // namespace flowsell::app
