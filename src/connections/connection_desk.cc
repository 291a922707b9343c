#include "connections/connection_desk.h"

#include <algorithm>
#include <utility>

#include "store/change.h"
#include "telemetry/log.h"

namespace flowsell::connections {
namespace {

using store::Sql;

constexpr std::chrono::seconds kUnsubscribeMax{5};
/// Of a provider that does not let go: after 1, 2, 4, ... minutes, two hours in all.
constexpr int kPartingsMax = 8;
constexpr std::chrono::minutes kFirstPause{1};

const Sql kParting("SELECT tries, next_at FROM connection_partings WHERE workspace_id = ?1");
const Sql kPutParting(
    "INSERT INTO connection_partings (workspace_id, tries, next_at) VALUES (?1, ?2, ?3) ON "
    "CONFLICT (workspace_id) DO UPDATE SET tries = excluded.tries, next_at = excluded.next_at");
constexpr store::WriteKind kPartingKind{"parting", 45, store::apply_each<store::Change>};

/// How far the end of a workspace's connections is.
struct Parting {
  int tries = 0;
  Time next_at{};
};
Result<Parting> find_parting(store::Connection& db, const WorkspaceId& workspace) {
  Parting parting;
  CHECK_OK(db.query(kParting, {workspace}, [&parting](const store::Row& row) {
    parting = {static_cast<int>(row.integer(0)), row.time(1)};
  }));
  return parting;
}

/// Whether the provider may take the same call later.
bool may_be_told_later(const Connection& connection, const Error& error) {
  // A token that is dead stays so, and one that its owner wanted deleted is gone.
  if (connection.token.empty()) return false;
  return !error.provider || connection.adapter->account_calls()
                                ->token_trouble(error.provider->code, error.provider->subcode)
                                .empty();
}

void put_funding(ConnectionRecord& record, FundingMode mode, Time from, const Acting& by,
                 Time now) {
  if (record.funding_at(from) == mode && !record.funding.empty() &&
      record.funding.back().effective_from <= from) {
    return;
  }
  std::erase_if(record.funding,
                [from](const Funding& each) { return each.effective_from == from; });
  const auto behind = std::ranges::upper_bound(record.funding, from, {}, &Funding::effective_from);
  record.funding.insert(behind, {from, mode, by.actor.id, now});
}

void put_assisted(ConnectionRecord& record, const ConnectionDesk::AssistedStep& wanted,
                  const Acting& by, Time now) {
  StepRow& step = record.put_step(wanted.name);
  const StepRow before = step;
  step.state = wanted.state;
  if (wanted.note) step.note = *wanted.note;
  if (step == before && before.at != Time{}) return;
  step.by = by.actor.id;
  step.at = now;
}

}  // namespace

ConnectionDesk::ConnectionDesk(ConnectionChanges& changes, ProviderCalls& calls, NameBook names)
    : changes_(changes), calls_(calls), names_(std::move(names)) {}

Task<std::vector<ConnectionRecord>> ConnectionDesk::list(WorkspaceId workspace,
                                                         identity::Mode mode) const {
  co_return co_await changes_.database().read(
      [=](store::Connection& db) { return list_connections(db, workspace, mode); });
}

Task<ConnectionRecord> ConnectionDesk::find(WorkspaceId workspace,
                                            std::optional<identity::Mode> mode,
                                            ConnectionId id) const {
  CO_TRY(auto found, co_await changes_.database().read([=](store::Connection& db) {
    return find_connection(db, workspace, id);
  }));
  if (!found || (mode && found->mode != *mode))
    co_return fail(ErrorCode::kNotFound, "there is no such connection");
  co_return *std::move(found);
}

Task<ConnectionChanges::Changed> ConnectionDesk::change(
    ConnectionRecord of, Edit edit, Acting by, std::optional<metering::IdempotentCall> call) {
  const Time now = changes_.now();
  auto change = ConnectionChanges::Change::of(of, "connection.changed", by);
  change.call = call;
  change.edit = [&](store::Connection&, ConnectionRecord& record) -> Result<std::optional<Error>> {
    if (edit.label) record.label = *edit.label;
    if (edit.admin_notes) record.admin_notes = *edit.admin_notes;
    if (edit.payment) record.payment = *edit.payment;
    if (edit.funding) put_funding(record, *edit.funding, edit.funding_from.value_or(now), by, now);
    for (const AssistedStep& each : edit.steps) put_assisted(record, each, by, now);
    return std::nullopt;
  };
  co_return co_await changes_.apply(std::move(change));
}

Task<> ConnectionDesk::unsubscribe(ConnectionPtr connection) {
  const channel::AccountCalls* const wire = connection->adapter->account_calls();
  if (wire == nullptr) co_return Result<>{};
  auto request = wire->unsubscribe(connection->account, calls_.route(*connection));
  ProviderCalls::As as{connection->adapter, connection->mode, connection->token,
                       connection->id.bytes()};
  CO_CHECK_OK(co_await calls_.call_as(std::move(as), std::move(request), "let the account go",
                                      kUnsubscribeMax));
  co_return Result<>{};
}

Task<> ConnectionDesk::disconnect(ConnectionRecord of, Acting by) {
  if (of.status != ConnectionStatus::kDisconnected) {
    bool is_told = false;
    // Before anybody else may connect the account, whom it would take the app from.
    if (const auto connection = changes_.senders().connections().find(of.id)) {
      const auto done = co_await unsubscribe(connection);
      is_told = done.has_value();
      if (!done) {
        log::warn("the provider was not told that an account is let go of",
                  {{"connection_id", of.id.str()}, {"why", done.error().detail}});
      }
    }
    CO_CHECK_OK(co_await end(of, std::move(by), is_told));
  }
  co_return co_await withdraw_names(std::move(of));
}

Task<bool> ConnectionDesk::part(WorkspaceId workspace) {
  CO_TRY(Parting parting, co_await changes_.database().read([workspace](store::Connection& db) {
    return find_parting(db, workspace);
  }));
  const Time now = changes_.now();
  if (parting.next_at > now) co_return false;
  const bool is_last_try = ++parting.tries >= kPartingsMax;
  bool all_gone = true;
  for (const auto mode : {identity::Mode::kTest, identity::Mode::kLive}) {
    CO_TRY(const bool are_gone, co_await part(workspace, mode, is_last_try));
    all_gone = all_gone && are_gone;
  }
  if (all_gone) co_return true;
  parting.next_at = now + kFirstPause * (1 << (parting.tries - 1));
  auto put = [&](store::Connection& db) {
    return db.write(kPutParting, {workspace, parting.tries, parting.next_at});
  };
  CO_CHECK_OK(co_await store::change(changes_.database(), kPartingKind, std::move(put)));
  co_return false;
}

/// Each is tried once; none behind one whose provider is away, which all have in common.
Task<bool> ConnectionDesk::part(WorkspaceId workspace, identity::Mode mode, bool is_last_try) {
  CO_TRY(auto all, co_await list(workspace, mode));
  bool all_gone = true;
  bool is_away = false;
  for (ConnectionRecord& each : all) {
    const auto connection = changes_.senders().connections().find(each.id);
    if (connection) {
      Result<> told = fail(ErrorCode::kProviderUnreachable, "it did not answer before");
      if (!is_away) told = co_await unsubscribe(connection);
      is_away = is_away || (!told && !told.error().provider);
      if (!told && !is_last_try && may_be_told_later(*connection, told.error())) {
        all_gone = false;
        continue;
      }
      CO_CHECK_OK(co_await end(each, {}, told.has_value()));
    }
    CO_CHECK_OK(co_await withdraw_names(std::move(each)));
  }
  co_return all_gone;
}

Task<> ConnectionDesk::withdraw_names(ConnectionRecord of) {
  // Again where that failed before, but of nothing that somebody else has by now.
  Senders& senders = changes_.senders();
  ProviderNames names{of.mode, {}, {}};
  if (!senders.connections().find_by_account(of.channel, of.mode, of.account))
    names.account = of.account;
  for (const SenderPtr& each : senders.of_connection(of.id)) {
    if (!senders.find_by_address(of.channel, of.mode, each->address))
      names.addresses.push_back(each->address);
  }
  co_return co_await names_.withdraw(std::move(names));
}

Task<> ConnectionDesk::end(ConnectionRecord of, Acting by, bool is_told) {
  const Time now = changes_.now();
  auto change = ConnectionChanges::Change::of(of, "connection.disconnected", std::move(by));
  change.noted = {{"provider_told", is_told ? "yes" : "no"}};
  change.edit = [&](store::Connection&, ConnectionRecord& record) -> Result<std::optional<Error>> {
    if (record.status == ConnectionStatus::kDisconnected) return std::nullopt;
    record.sealed_token.clear();
    record.token_user.clear();
    record.token_expires_at.reset();
    record.reason.clear();
    record.disconnected_at = now;
    record.status = status_of(record);
    return std::nullopt;
  };
  if (on_let_go_.in_transaction) {
    change.edit = [edit = std::move(change.edit), this](
                      store::Connection& db,
                      ConnectionRecord& record) -> Result<std::optional<Error>> {
      CHECK_OK(on_let_go_.in_transaction(db, record.workspace, record.id));
      return edit(db, record);
    };
  }
  CO_CHECK_OK(co_await changes_.apply(std::move(change)));
  if (on_let_go_.afterwards) on_let_go_.afterwards(of.id);
  co_return Result<>{};
}

}  // namespace flowsell::connections
