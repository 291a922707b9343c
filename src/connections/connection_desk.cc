#include "connections/connection_desk.h"

#include <algorithm>
#include <utility>

#include "telemetry/log.h"

namespace flowsell::connections {
namespace {

constexpr std::chrono::seconds kUnsubscribeMax{5};

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
  change.call = std::move(call);
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
  if (of.status != ConnectionStatus::kDisconnected) CO_CHECK_OK(co_await let_go(of, std::move(by)));
  // Again where that failed before, but of nothing that somebody else has by now.
  Senders& senders = changes_.senders();
  ProviderNames names{of.mode, {}, {}, {}};
  if (!senders.connections().find_by_account(of.channel, of.mode, of.account))
    names.account = of.account;
  for (const SenderPtr& each : senders.of_connection(of.id)) {
    if (!senders.find_by_address(of.channel, of.mode, each->address))
      names.addresses.push_back(each->address);
  }
  co_return co_await names_.withdraw(std::move(names));
}

Task<> ConnectionDesk::let_go(ConnectionRecord of, Acting by) {
  // Before anybody else may connect the account, whom it would take the app from.
  if (const auto connection = changes_.senders().connections().find(of.id)) {
    if (const auto done = co_await unsubscribe(connection); !done) {
      log::warn("the provider was not told that an account is let go of",
                {{"connection_id", of.id.str()}, {"why", done.error().detail}});
    }
  }
  const Time now = changes_.now();
  auto change = ConnectionChanges::Change::of(of, "connection.disconnected", std::move(by));
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
