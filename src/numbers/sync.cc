// The numbers of an account, as its provider has them now.
#include <algorithm>
#include <utility>

#include "audit/audit_log.h"
#include "numbers/sender_desk.h"
#include "state_change.h"
#include "team/acts.h"
#include "telemetry/log.h"

namespace flowsell::numbers {
namespace {

using connections::ConnectionPtr;
using connections::Sender;
using connections::SenderPtr;

/// Of a hundred numbers each; an account has a few dozen at most.
constexpr int kPagesMax = 20;

struct Stored {
  SenderPtr sender;
  KnownState known;
  bool is_new = false;
};

SenderPtr new_sender(IdSource& ids, const connections::Connection& connection,
                     const channel::SenderState& state, Time now) {
  Sender sender;
  sender.id = ids.next<IdKind::kSender>();
  sender.workspace = connection.workspace;
  sender.connection = connection.id;
  sender.mode = connection.mode;
  sender.adapter = connection.adapter;
  sender.account = connection.account;
  sender.address = state.address;
  sender.display_number = state.display_number;
  sender.name = state.name;
  sender.token = connection.token;
  sender.created_at = now;
  return std::make_shared<const Sender>(std::move(sender));
}

std::string counts_of(std::size_t numbers, const SenderDesk::Synced& synced) {
  return R"({"numbers":)" + std::to_string(numbers) + R"(,"added":)" +
         std::to_string(synced.added.size()) + R"(,"gone":)" + std::to_string(synced.gone.size()) +
         "}";
}

}  // namespace

Task<std::vector<channel::SenderState>> SenderDesk::read_all(ConnectionPtr connection) {
  CO_TRY(const auto* provider, sender_calls_of(*connection->adapter));
  const auto account = calls_.route(*connection, connection->account);
  std::vector<channel::SenderState> all;
  std::string after;
  for (int i = 0; i < kPagesMax; ++i) {
    CO_TRY(auto request, provider->list_senders(after, account));
    CO_TRY(const auto answered,
           co_await calls_.call(connection, std::move(request), "list the account's numbers"));
    CO_TRY(auto page, provider->read_senders(answered));
    std::ranges::move(page.senders, std::back_inserter(all));
    if (page.next.empty()) co_return all;
    after = std::move(page.next);
  }
  co_return fail(ErrorCode::kProviderUnreachable, "the provider's list of numbers has no end");
}

Task<SenderDesk::Synced> SenderDesk::sync(team::By by, ConnectionPtr connection, Key key) {
  const WorkspaceId workspace = connection->workspace;
  const IdBytes about = connection->id.bytes();
  CO_TRY(const auto earlier, co_await keys_.take(workspace, key, about, connection->id.str()));
  if (earlier) co_return Synced{.is_replay = true, .added = {}, .gone = {}, .taken = {}};
  connections::Acting acting{team::actor_of(by.caller), std::move(by.origin)};
  auto synced = co_await sync_now(std::move(acting), std::move(connection));
  co_await keys_.end(workspace, key, about, synced.has_value());
  co_return synced;
}

Awaitable<void> SenderDesk::read_first(ConnectionPtr connection, connections::Acting by) {
  const auto synced = co_await sync_now(std::move(by), connection);
  if (synced) co_return;
  log::warn("the states of a new connection's numbers were not read",
            {{"connection_id", connection->id.str()}, {"why", synced.error().detail}});
}

Task<SenderDesk::Synced> SenderDesk::sync_now(connections::Acting by, ConnectionPtr connection) {
  CO_TRY(const auto all, co_await read_all(connection));
  std::vector<SenderPtr> mine;
  for (auto& each : senders_.list(connection->workspace, connection->mode))
    if (each->connection == connection->id) mine.push_back(std::move(each));
  const Time now = clock_.now();
  std::vector<SenderPtr> fresh;  // made once: the body may run again
  for (const auto& state : all) {
    const auto known = std::ranges::find(
        mine, state.address, [](const SenderPtr& each) { return std::string_view(each->address); });
    fresh.push_back(known == mine.end() ? new_sender(ids_, *connection, state, now) : *known);
  }
  // Before any row: what another workspace has stays its own.
  std::vector<bool> is_claimed(all.size(), true);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (std::ranges::find(mine, fresh[i]) != mine.end()) continue;
    const auto claimed = co_await claim_(fresh[i]);
    if (!claimed && claimed.error().code != ErrorCode::kAccountConnectedElsewhere)
      co_return std::unexpected(claimed.error());
    is_claimed[i] = claimed.has_value();
  }
  Synced synced;
  std::vector<Stored> stored;
  auto body = [&](store::Connection& db) -> Result<> {
    synced = {};
    stored.clear();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool is_new = std::ranges::find(mine, fresh[i]) == mine.end();
      if (is_new) {
        bool is_free = is_claimed[i];
        if (is_free) {
          TRY(is_free, connections::Senders::insert(db, *fresh[i]));
        }
        if (!is_free) {
          synced.taken.push_back(all[i].display_number);
          continue;
        }
        synced.added.push_back(fresh[i]->id);
      }
      TRY(auto known, put_state(db, {connection->workspace, fresh[i]->id}, all[i], now));
      stored.push_back({fresh[i], std::move(known), is_new});
    }
    for (const auto& each : mine) {
      if (std::ranges::find(fresh, each) != fresh.end()) continue;
      const StateKey state_key{connection->workspace, each->id};
      TRY(auto known, find_state(db, state_key));
      known.is_gone = true;
      known.synced_at = now;
      CHECK_OK(store_state(db, state_key, known));
      synced.gone.push_back(each->id);
      stored.push_back({each, std::move(known), false});
    }
    auto act = team::act_of(ids_, now, connection->workspace, by.actor, by.origin,
                            "connection.synced", connection->id.str());
    act.after = counts_of(all.size(), synced);
    return audit::append(db, act);
  };
  CO_CHECK_OK(co_await store::change(db_, kNumbersKind, std::move(body)));
  for (auto& each : stored) {
    states_.put(each.sender->id, std::move(each.known));
    if (each.is_new) senders_.add(*each.sender);
  }
  co_return synced;
}

}  // namespace flowsell::numbers
