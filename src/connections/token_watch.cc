#include "connections/token_watch.h"

#include <utility>

#include "step_failure.h"
#include "telemetry/log.h"

namespace flowsell::connections {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 1h;
constexpr auto kLookEvery = 24h;
/// How long before its end a token is exchanged, and its owner told where that fails.
constexpr auto kRenewBefore = 24h * 10;
/// A refusal that the provider's own word does not bear out is not looked at again at once.
constexpr auto kBetweenLooks = 60s;
constexpr std::string_view kExpiring = "token_expiring";

/// As it was before the change; nullopt: the change says nothing of it.
std::optional<std::string_view> reason_of(channel::AccountChange change) {
  using enum channel::AccountChange;
  switch (change) {
    case kPartnerRemoved:
      return "partner_removed";
    case kAppRemoved:
      return "app_removed";
    case kDeleted:
      return "account_deleted";
    case kDisabled:
      return "account_disabled";
    case kOffboarded:
      return "account_offboarded";
    case kRestored:
      return "";
  }
  return std::nullopt;
}

/// What is over when a provider says that an account is well again.
bool is_restored_by(std::string_view reason) {
  return reason == "account_disabled" || reason == "account_offboarded";
}

bool ends_soon(const std::optional<Time>& end, Time now) {
  return end && *end - now < kRenewBefore;
}

}  // namespace

TokenWatch::TokenWatch(runtime::IoPool& pool, ConnectionChanges& changes, Connector& connector,
                       identity::Workspaces& workspaces)
    : changes_(changes),
      connector_(connector),
      workspaces_(workspaces),
      rounds_(pool.context(0).get_executor(), "looks at providers' tokens", kPause,
              runtime::Rounds::First::kAtOnce, [this] { return round(); }) {}

void TokenWatch::refused(const ConnectionId& id, const ProviderError& error) {
  const auto connection = changes_.senders().connections().find(id);
  if (!connection || connection->status == ConnectionStatus::kActionRequired) return;
  const channel::AccountCalls* const wire = connection->adapter->account_calls();
  if (wire == nullptr) return;
  const auto trouble = wire->token_trouble(error.code, error.subcode);
  if (trouble.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    const Time now = changes_.now();
    const auto looked = looked_at_.find(id);
    if (looked != looked_at_.end() && now - looked->second < kBetweenLooks) return;
    looked_at_[id] = now;
    suspects_.insert_or_assign(id, std::string(trouble));
  }
  rounds_.wake();
}

Awaitable<void> TokenWatch::round() {
  std::map<ConnectionId, std::string> due;
  {
    const std::lock_guard lock(mutex_);
    due.swap(suspects_);
    std::erase_if(looked_at_, [now = changes_.now()](const auto& each) {
      return now - each.second >= kBetweenLooks;
    });
  }
  const Connections& all = changes_.senders().connections();
  for (const ConnectionPtr& each : all.all()) {
    const Time looked = each->token_checked_at.value_or(each->created_at);
    if (changes_.now() - looked >= kLookEvery) due.try_emplace(each->id);
  }
  for (auto& [id, trouble] : due) {
    if (rounds_.is_stopping()) co_return;
    const ConnectionPtr connection = all.find(id);
    if (!connection) continue;
    if (const auto looked = co_await look(connection, std::move(trouble)); !looked) {
      log::warn("a provider's token could not be looked at",
                {{"connection_id", id.str()}, {"why", looked.error().detail}});
    }
  }
}

Task<> TokenWatch::look(ConnectionPtr connection, std::string trouble) {
  auto facts = co_await connector_.inspect(connection);
  if (!facts) {
    // Without an app, or where the provider is away, its refusal is all that is known.
    const std::string told = field_fault(facts.error());
    const std::string& reason = told.empty() ? trouble : told;
    if (reason.empty()) co_return Result<>{};
    co_return co_await note(connection, reason, std::nullopt);
  }
  const bool is_short = ends_soon(facts->expires_at, changes_.now());
  if (is_short) {
    if (const auto renewed = co_await renew(connection); renewed) co_return Result<>{};
  }
  co_return co_await note(connection, std::string(is_short ? kExpiring : ""), *std::move(facts));
}

Task<> TokenWatch::renew(ConnectionPtr connection) {
  CO_TRY(const auto issued, co_await connector_.extend(connection));
  CO_TRY(auto facts, co_await connector_.inspect(connection, issued.token));
  if (ends_soon(facts.expires_at, changes_.now()))
    co_return fail(ErrorCode::kConflict, "the new token ends as soon");
  CO_TRY(std::string sealed,
         workspaces_.seal(connection->workspace, connection->id.blob(), issued.token));
  co_return co_await note(connection, "", std::move(facts), std::move(sealed));
}

Task<> TokenWatch::note(ConnectionPtr connection, std::string reason,
                        std::optional<channel::TokenFacts> facts, std::string sealed_token) {
  const Time now = changes_.now();
  auto change = ConnectionChanges::Change::of(
      *connection, sealed_token.empty() ? "connection.token_checked" : "connection.token_renewed");
  change.edit = [&](store::Connection&, ConnectionRecord& record) -> Result<std::optional<Error>> {
    // Of another token than was looked at it says nothing.
    const bool is_another = record.token_checked_at != connection->token_checked_at;
    if (is_another || record.status == ConnectionStatus::kDisconnected) return std::nullopt;
    record.token_checked_at = now;
    if (facts) {
      record.token_expires_at = facts->expires_at;
      record.token_user = facts->user_id;
    }
    if (!sealed_token.empty()) record.sealed_token = sealed_token;
    // Whatever else is wrong with the account is not mended by its token.
    const bool is_about_token = record.reason.empty() || is_token_reason(record.reason);
    if (is_about_token) put_reason(record, reason, now);
    record.status = status_of(record);
    return std::nullopt;
  };
  CO_CHECK_OK(co_await changes_.apply(std::move(change)));
  co_return Result<>{};
}

Task<> TokenWatch::account_changed(ConnectionPtr connection, channel::AccountChange what) {
  const auto told = reason_of(what);
  if (!told) co_return Result<>{};
  if (!told->empty()) co_return co_await put(connection, std::string(*told));
  if (!is_restored_by(connection->reason)) co_return Result<>{};
  co_return co_await put(connection, {});
}

Task<> TokenWatch::person_left(PersonLeft person, Trace trace) {
  for (const ConnectionPtr& each : changes_.senders().connections().all()) {
    if (each->mode == person.mode && each->token_user == person.user)
      CO_CHECK_OK(co_await take_back(each, person, trace));
  }
  co_return Result<>{};
}

Task<> TokenWatch::take_back(ConnectionPtr connection, PersonLeft person, Trace trace) {
  const Time now = changes_.now();
  auto change = ConnectionChanges::Change::of(*connection, "connection.changed_by_provider");
  change.edit = [&](store::Connection&, ConnectionRecord& record) -> Result<std::optional<Error>> {
    const StepRow* const token = record.step(step_name(ServerStep::kToken));
    const bool is_known = token != nullptr && token->state == StepState::kDone;
    const bool is_meant = record.token_user == person.user &&
                          person.takes_back(is_known ? token->at : record.created_at);
    if (!is_meant || record.status == ConnectionStatus::kDisconnected) return std::nullopt;
    put_reason(record, "app_removed", now);
    if (trace == Trace::kGoes) {
      record.sealed_token.clear();
      record.token_user.clear();
    }
    record.status = status_of(record);
    return std::nullopt;
  };
  CO_CHECK_OK(co_await changes_.apply(std::move(change)));
  co_return Result<>{};
}

Task<> TokenWatch::put(ConnectionPtr connection, std::string reason) {
  const Time now = changes_.now();
  auto change = ConnectionChanges::Change::of(*connection, "connection.changed_by_provider");
  change.edit = [&](store::Connection&, ConnectionRecord& record) -> Result<std::optional<Error>> {
    if (record.status == ConnectionStatus::kDisconnected) return std::nullopt;
    put_reason(record, reason, now);
    record.status = status_of(record);
    return std::nullopt;
  };
  CO_CHECK_OK(co_await changes_.apply(std::move(change)));
  co_return Result<>{};
}

}  // namespace flowsell::connections
