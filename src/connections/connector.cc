#include "connections/connector.h"

#include <algorithm>
#include <map>
#include <utility>

#include "step_failure.h"
#include "telemetry/log.h"

namespace flowsell::connections {
namespace {

using channel::AddressFacts;
using channel::TokenFacts;

const store::Sql kAddressElsewhere(
    "SELECT senders.id FROM senders JOIN connections ON connections.workspace_id = "
    "senders.workspace_id AND connections.id = senders.connection_id WHERE senders.channel = ?1 "
    "AND senders.mode = ?2 AND senders.address = ?3 AND connections.status <> 4 AND "
    "senders.let_go_at IS NULL AND senders.connection_id <> ?4");

/// Numbers of an account that are looked at.
constexpr std::size_t kAddressesMax = 1000;
/// Connections that are asked whether they still have a number, for one that shows it.
constexpr std::size_t kHoldersMax = 5;
/// How long that may take.
constexpr std::chrono::seconds kReleaseMax{30};

Error connected_elsewhere(std::string_view what) {
  return {ErrorCode::kAccountConnectedElsewhere,
          std::string("another connection has the ").append(what)};
}

Error no_app() {
  return {ErrorCode::kConflict,
          "this server has no app at the provider: its operator sets whatsapp.app_id and "
          "whatsapp.app_secret"};
}

/// The account among those that a token is good for. What a browser names counts among them only:
/// it may as well be the portfolio's id.
Result<std::string> choose_account(const TokenFacts& facts, const std::string& wanted) {
  const auto& shared = facts.accounts;
  if (shared.empty() && !wanted.empty()) return wanted;
  if (std::ranges::find(shared, wanted) != shared.end()) return wanted;
  if (shared.size() == 1) return shared.front();
  if (shared.empty()) {
    return fail_field("/account_id", "account_not_shared", "the token is good for no account",
                      "Sign up again, and choose a WhatsApp Business account on the way: none was "
                      "shared with us.");
  }
  return fail_field("/account_id", "account_ambiguous", "the token is good for several accounts",
                    "Name the account, or sign up again and choose one only.");
}

void note_token(ConnectionRecord& record, const TokenFacts& facts, Time now) {
  record.token_expires_at = facts.expires_at;
  record.token_user = facts.user_id;
  record.token_checked_at = now;
  if (is_token_reason(record.reason)) record.reason.clear();
}

/// The numbers that messages are to be sent from.
std::vector<AddressFacts> meant(const ConnectionRecord& record,
                                const std::vector<AddressFacts>& all) {
  std::vector<AddressFacts> out;
  for (const AddressFacts& each : all)
    if (record.address.empty() || each.address == record.address) out.push_back(each);
  // The one that was chosen is not there any more.
  return out.empty() ? all : out;
}

ProviderNames names_of(const ConnectionRecord& record) { return {record.mode, record.account, {}}; }

}  // namespace

bool is_token_reason(std::string_view reason) noexcept {
  return reason.starts_with("token_") || reason == "app_removed" || reason == "partner_removed";
}

/// One at a time for a connection.
class Connector::Turn {
 public:
  Turn(Connector& of, const ConnectionId& id) : of_(of), id_(id) {
    const std::lock_guard lock(of_.mutex_);
    is_mine_ = of_.running_.insert(id).second;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (!is_mine_) return;
    const std::lock_guard lock(of_.mutex_);
    of_.running_.erase(id_);
  }
  Result<> check() const {
    if (is_mine_) return {};
    return fail(ErrorCode::kConflict,
                "the account is being connected already: look at it in a moment");
  }

 private:
  Connector& of_;
  const ConnectionId id_;
  bool is_mine_ = false;
};

Connector::Connector(ConnectionChanges& changes, ProviderCalls& calls,
                     identity::Workspaces& workspaces, const team::Policies& policies,
                     NameBook names, AdapterLookup adapters, IdSource& ids,
                     ConnectorOptions options)
    : changes_(changes),
      calls_(calls),
      workspaces_(workspaces),
      policies_(policies),
      names_(std::move(names)),
      adapters_(std::move(adapters)),
      ids_(ids),
      options_(std::move(options)) {}

Task<TokenFacts> Connector::inspect(const channel::Adapter* adapter, identity::Mode mode,
                                    Secret token, IdBytes client) {
  const channel::AccountCalls& wire = *adapter->account_calls();
  const channel::ConnectApp& our_app = app(mode);
  ProviderCalls::As as{adapter, mode, wire.app_token(our_app), client};
  auto request = wire.inspect_token(token, calls_.routes().of(mode, {}));
  CO_TRY(const auto answer,
         co_await calls_.call_as(std::move(as), std::move(request), "check the token"));
  CO_TRY(TokenFacts facts, wire.read_token(answer));
  CO_CHECK_OK(check_facts(facts, our_app));
  co_return facts;
}

Task<TokenFacts> Connector::inspect(ConnectionPtr connection) {
  co_return co_await inspect(connection, connection->token);
}

Task<TokenFacts> Connector::inspect(ConnectionPtr connection, Secret token) {
  if (connection->adapter->account_calls() == nullptr || !app(connection->mode).is_there())
    co_return std::unexpected(no_app());
  co_return co_await inspect(connection->adapter, connection->mode, std::move(token),
                             connection->id.bytes());
}

Task<channel::IssuedToken> Connector::extend(ConnectionPtr connection) {
  const channel::AccountCalls* const wire = connection->adapter->account_calls();
  if (wire == nullptr || !app(connection->mode).is_there()) co_return std::unexpected(no_app());
  auto request =
      wire->extend_token(app(connection->mode), connection->token, calls_.route(*connection));
  ProviderCalls::As as{connection->adapter, connection->mode, Secret(), connection->id.bytes()};
  CO_TRY(const auto answer,
         co_await calls_.call_as(std::move(as), std::move(request), "renew the token"));
  co_return wire->read_issued(answer);
}

Task<ConnectionRecord> Connector::connect(ConnectOrder order) {
  const Time until = changes_.now() + kRunMax;
  const channel::Adapter* const adapter = adapters_(order.channel);
  if (adapter == nullptr || adapter->account_calls() == nullptr)
    co_return fail_field("/channel", "invalid_value",
                         "no accounts of this channel can be connected", "Send whatsapp.");
  if (order.mode == identity::Mode::kLive) CO_CHECK_OK(co_await policies_.require(order.workspace));
  if (!app(order.mode).is_there()) co_return std::unexpected(no_app());
  CO_TRY(auto facts, co_await inspect(adapter, order.mode, order.token, order.workspace.bytes()));
  CO_TRY(std::string account, choose_account(facts, order.account));
  // Nothing but the browser's word says so far that the token is good for it.
  if (facts.accounts.empty()) CO_CHECK_OK(co_await prove(adapter, order, account));
  CO_TRY(auto record, co_await store(order, std::move(account), std::move(facts)));
  const Turn turn(*this, record.id);
  CO_CHECK_OK(turn.check());
  Run way{std::move(record), order.pin, order.by, true, until, std::nullopt};
  CO_TRY(record, co_await run(std::move(way)));
  const auto connection = changes_.senders().connections().find(record.id);
  if (listener_ && connection && record.is_done(ServerStep::kNumbers) && check_time(until))
    co_await listener_(connection, std::move(order.by));
  co_return record;
}

Task<> Connector::prove(const channel::Adapter* adapter, const ConnectOrder& order,
                        std::string account) {
  const channel::AccountCalls& wire = *adapter->account_calls();
  auto request = wire.get_account(account, calls_.routes().of(order.mode, {}));
  ProviderCalls::As as{adapter, order.mode, order.token, order.workspace.bytes()};
  CO_TRY(const auto answer,
         co_await calls_.call_as(std::move(as), std::move(request), "show the account"));
  CO_TRY(const auto shown, wire.read_account(answer));
  if (shown.account == account) co_return Result<>{};
  co_return fail_field("/account_id", "account_not_shared", "the token is not good for the account",
                       "Sign up again, and choose the WhatsApp Business account on the way.");
}

Task<ConnectionRecord> Connector::store(const ConnectOrder& order, std::string account,
                                        TokenFacts facts) {
  ConnectionChanges::Change change;
  CO_TRY(const auto own, co_await changes_.database().read([&](store::Connection& db) {
    return find_own(db, order.workspace, order.mode, order.channel, account);
  }));
  change.workspace = order.workspace;
  change.mode = order.mode;
  const bool is_named = !order.id.is_none();
  change.id = own ? own->id : is_named ? order.id : ids_.next<IdKind::kConnection>();
  change.is_new = !own;
  change.act = own ? "connection.reconnected" : "connection.created";
  change.by = order.by;
  ProviderNames names{order.mode, account, {}};
  CO_TRY(const bool is_ours, co_await names_.claim(std::move(names)));
  if (!is_ours) co_return std::unexpected(connected_elsewhere("account"));
  CO_TRY(const std::string sealed,
         workspaces_.seal(order.workspace, change.id.blob(), order.token));
  const Time now = changes_.now();
  change.edit = [&](store::Connection& db,
                    ConnectionRecord& record) -> Result<std::optional<Error>> {
    TRY(const auto holder, find_by_account(db, order.mode, order.channel, account));
    if (holder && holder->id != record.id) return connected_elsewhere("account");
    record.channel = order.channel;
    record.account = account;
    record.via = order.via;
    record.address = order.address;
    record.is_on_app = order.is_on_app;
    record.sealed_token = sealed;
    record.disconnected_at.reset();
    record.put_step(step_name(ServerStep::kToken)) =
        done_step(ServerStep::kToken, StepState::kDone, order.by, now);
    note_token(record, facts, now);
    record.status = status_of(record);
    return std::nullopt;
  };
  CO_TRY(auto changed, co_await changes_.apply(std::move(change)));
  co_return std::move(changed.record);
}

Task<ConnectionRecord> Connector::resume(WorkspaceId workspace, ConnectionId id, Secret pin,
                                         Acting by) {
  CO_TRY(auto record, co_await changes_.database().read([&](store::Connection& db) {
    return find_connection(db, workspace, id);
  }));
  if (!record) co_return fail(ErrorCode::kNotFound, "there is no such connection");
  if (record->status == ConnectionStatus::kDisconnected)
    co_return fail(ErrorCode::kConflict, "it is disconnected: connect the account again");
  const Turn turn(*this, id);
  CO_CHECK_OK(turn.check());
  // Its token is used for somebody: also where all is done already.
  auto begun = ConnectionChanges::Change::of(*record, "connection.resumed", by);
  begun.is_act = true;
  begun.edit = [](store::Connection&, ConnectionRecord&) { return std::optional<Error>(); };
  CO_CHECK_OK(co_await changes_.apply(std::move(begun)));
  Run way{*std::move(record),       std::move(pin), std::move(by), false,
          changes_.now() + kRunMax, std::nullopt};
  co_return co_await run(std::move(way));
}

Task<ConnectionRecord> Connector::run(Run run) {
  for (const ServerStep step : kServerSteps) {
    // Whether the token is still good is never known from before.
    const bool is_looked_at = step == ServerStep::kToken || step == ServerStep::kAccount;
    if (run.is_anew && step == ServerStep::kToken) continue;
    if (!run.is_anew && !is_looked_at && run.record.is_done(step)) continue;
    Found found;
    auto end = co_await perform(step, run, found);
    CO_TRY(const bool is_done, co_await keep(run, step, std::move(end), std::move(found)));
    if (!is_done) break;
  }
  co_return std::move(run.record);
}

/// A slow provider holds nobody's call for ever: the next one goes on.
Result<> Connector::check_time(Time until) const {
  if (changes_.now() < until) return {};
  return fail(ErrorCode::kProviderTimeout, "the provider takes too long: go on in a moment");
}

Task<StepState> Connector::perform(ServerStep step, Run& run, Found& found) {
  CO_CHECK_OK(check_time(run.until));
  switch (step) {
    case ServerStep::kToken:
      co_return co_await check_token(run, found);
    case ServerStep::kAccount:
      co_return co_await read_account(run, found);
    case ServerStep::kNumbers:
      co_return co_await find_numbers(run, found);
    case ServerStep::kSubscription:
      co_return co_await subscribe(run, /*with_callback=*/false);
    case ServerStep::kCallback:
      co_return co_await subscribe(run, /*with_callback=*/true);
    case ServerStep::kRegistration:
      co_return co_await register_numbers(run);
    case ServerStep::kHistory:
      co_return co_await request_history(run);
  }
  co_return fail(ErrorCode::kInternal, "there is no such step");
}

Result<ConnectionPtr> Connector::connection_of(const Run& run) const {
  auto connection = changes_.senders().connections().find(run.record.id);
  if (connection) return connection;
  return fail(ErrorCode::kConflict, "it was disconnected meanwhile");
}

Task<StepState> Connector::check_token(Run& run, Found& found) {
  CO_TRY(const auto connection, connection_of(run));
  CO_TRY(auto facts, co_await inspect(connection));
  found.note = [facts = std::move(facts), now = changes_.now()](ConnectionRecord& record) {
    note_token(record, facts, now);
  };
  co_return StepState::kDone;
}

Task<StepState> Connector::read_account(Run& run, Found& found) {
  CO_TRY(const auto connection, connection_of(run));
  const auto& wire = *connection->adapter->account_calls();
  auto request = wire.get_account(connection->account, calls_.route(*connection));
  CO_TRY(const auto answer,
         co_await calls_.call(connection, std::move(request), "show the account"));
  CO_TRY(auto facts, wire.read_account(answer));
  found.note = [facts = std::move(facts)](ConnectionRecord& record) {
    record.business_name =
        facts.owner_business_name.empty() ? facts.name : facts.owner_business_name;
    record.owner_business_id = facts.owner_business_id;
    record.currency = facts.currency;
    record.time_zone = facts.time_zone;
    // It can be read again: whatever was wrong with it, its owner says that it is mended.
    if (record.reason != "token_expiring") record.reason.clear();
  };
  co_return StepState::kDone;
}

Task<> Connector::list_addresses(Run& run) {
  if (run.addresses) co_return Result<>{};
  CO_TRY(const auto connection, connection_of(run));
  CO_TRY(run.addresses, co_await addresses_of(connection, run.until));
  co_return Result<>{};
}

Task<std::vector<AddressFacts>> Connector::addresses_of(ConnectionPtr connection, Time until) {
  const auto& wire = *connection->adapter->account_calls();
  std::vector<AddressFacts> all;
  std::string next;
  do {
    CO_CHECK_OK(check_time(until));
    auto request = wire.list_addresses(connection->account, next, calls_.route(*connection));
    CO_TRY(const auto answer,
           co_await calls_.call(connection, std::move(request), "list the account's numbers"));
    CO_TRY(auto page, wire.read_addresses(answer));
    if (page.addresses.empty()) break;
    std::ranges::move(page.addresses, std::back_inserter(all));
    next = std::move(page.next);
  } while (!next.empty() && all.size() < kAddressesMax);
  co_return all;
}

// --- numbers that another connection has here, and has not at its provider ---

Task<> Connector::release(std::string channel, identity::Mode mode,
                          std::vector<std::string> addresses, ConnectionId except) {
  Senders& senders = changes_.senders();
  std::map<ConnectionId, std::vector<SenderPtr>> by_holder;
  for (const std::string& address : addresses) {
    auto holder = senders.find_by_address(channel, mode, address);
    if (holder && holder->connection != except)
      by_holder[holder->connection].push_back(std::move(holder));
  }
  if (by_holder.size() > kHoldersMax) co_return Result<>{};
  const Time until = changes_.now() + kReleaseMax;
  for (auto& [id, held] : by_holder) {
    if (const auto connection = senders.connections().find(id))
      CO_CHECK_OK(co_await release(connection, std::move(held), until));
  }
  co_return Result<>{};
}

Task<> Connector::release(ConnectionPtr holder, std::vector<SenderPtr> held, Time until) {
  if (!holder->token.empty()) {
    const auto shown = co_await addresses_of(holder, until);
    if (!shown) {
      CO_TRY(const bool is_dead, co_await has_dead_token(holder, shown.error()));
      if (!is_dead) co_return Result<>{};
    } else {
      // Of a list that was cut short nothing is known to be gone.
      if (shown->size() >= kAddressesMax) co_return Result<>{};
      std::erase_if(held, [&shown](const SenderPtr& each) {
        return std::ranges::find(*shown, each->address, &AddressFacts::address) != shown->end();
      });
    }
  }
  if (held.empty()) co_return Result<>{};
  co_return co_await let_go_of_lost(std::move(holder), std::move(held));
}

/// By the provider's own word, not by one refusal.
Task<bool> Connector::has_dead_token(ConnectionPtr connection, Error refusal) {
  if (!refusal.provider) co_return false;
  const auto& wire = *connection->adapter->account_calls();
  if (wire.token_trouble(refusal.provider->code, refusal.provider->subcode).empty())
    co_return false;
  const auto facts = co_await inspect(connection);
  co_return !facts && is_token_reason(field_fault(facts.error()));
}

Task<> Connector::let_go_of_lost(ConnectionPtr holder, std::vector<SenderPtr> lost) {
  const Time now = changes_.now();
  ProviderNames names{holder->mode, {}, {}};
  std::vector<Sender> senders;
  auto change = ConnectionChanges::Change::of(*holder, "connection.number_lost");
  for (const SenderPtr& each : lost) {
    names.addresses.push_back(each->address);
    senders.push_back(*each);
    senders.back().has_let_go = true;
    change.noted.emplace_back("sender_id", each->id.str());
  }
  change.is_act = true;
  change.senders = &senders;
  change.edit = [&](store::Connection& db, ConnectionRecord&) -> Result<std::optional<Error>> {
    for (const Sender& each : senders) CHECK_OK(store_let_go(db, each, now));
    return std::nullopt;
  };
  CO_CHECK_OK(co_await changes_.apply(std::move(change)));
  co_return co_await names_.withdraw(std::move(names));
}

Task<StepState> Connector::find_numbers(Run& run, Found& found) {
  CO_CHECK_OK(co_await list_addresses(run));
  CO_TRY(const auto connection, connection_of(run));
  ProviderNames names = names_of(run.record);
  for (const AddressFacts& each : *run.addresses) names.addresses.push_back(each.address);
  CO_CHECK_OK(co_await release(std::string(connection->adapter->name()), connection->mode,
                               names.addresses, connection->id));
  CO_TRY(bool is_ours, co_await names_.claim(names));
  if (!is_ours) {
    CO_CHECK_OK(co_await names_.release(names));
    CO_TRY(is_ours, co_await names_.claim(std::move(names)));
  }
  if (!is_ours) co_return std::unexpected(connected_elsewhere("number"));
  const auto known = changes_.senders().of_connection(connection->id);
  for (const AddressFacts& each : *run.addresses) {
    Sender sender;
    const auto old = std::ranges::find_if(
        known, [&each](const SenderPtr& one) { return one->address == each.address; });
    if (old != known.end()) sender = **old;
    sender.display_number = each.display_number;
    sender.name = each.name;
    if (old != known.end()) {
      const bool is_same = (*old)->display_number == each.display_number &&
                           (*old)->name == each.name && !(*old)->is_removed;
      sender.is_removed = sender.has_let_go = false;
      if (!is_same) found.changed.push_back(std::move(sender));
      continue;
    }
    sender.id = ids_.next<IdKind::kSender>();
    sender.workspace = connection->workspace;
    sender.connection = connection->id;
    sender.mode = connection->mode;
    sender.adapter = connection->adapter;
    sender.account = connection->account;
    sender.address = each.address;
    sender.created_at = changes_.now();
    found.fresh.push_back(std::move(sender));
  }
  const auto chosen = meant(run.record, *run.addresses);
  if (std::ranges::any_of(chosen, &AddressFacts::is_on_app))
    found.note = [](ConnectionRecord& record) { record.is_on_app = true; };
  co_return StepState::kDone;
}

Task<StepState> Connector::subscribe(Run& run, bool with_callback) {
  CO_TRY(const auto connection, connection_of(run));
  const bool has_callback =
      connection->mode == identity::Mode::kLive && !options_.callback.url.empty();
  if (with_callback && !has_callback) co_return StepState::kSkipped;
  const auto callback = with_callback ? options_.callback : channel::OverrideCallback();
  auto request = connection->adapter->account_calls()->subscribe(connection->account, callback,
                                                                 calls_.route(*connection));
  CO_CHECK_OK(co_await calls_.call(
      connection, std::move(request),
      with_callback ? "send its webhooks to another address" : "tell us of the account"));
  co_return StepState::kDone;
}

Task<StepState> Connector::register_numbers(Run& run) {
  CO_CHECK_OK(co_await list_addresses(run));
  CO_TRY(const auto connection, connection_of(run));
  const auto numbers = meant(run.record, *run.addresses);
  if (numbers.empty()) co_return std::unexpected(number_missing());
  StepState state = StepState::kSkipped;
  for (const AddressFacts& each : numbers) {
    if (each.is_on_app || (run.record.is_on_app && numbers.size() == 1)) continue;
    state = StepState::kDone;
    if (each.is_registered) continue;
    CO_CHECK_OK(check_time(run.until));
    if (run.pin.empty()) co_return std::unexpected(pin_required(each.display_number));
    auto request = connection->adapter->account_calls()->register_address(
        each.address, run.pin, calls_.route(*connection));
    auto done = co_await calls_.call(connection, std::move(request), "register the number");
    if (!done) co_return std::unexpected(about(each.display_number, std::move(done).error()));
  }
  co_return state;
}

Task<StepState> Connector::request_history(Run& run) {
  if (!run.record.is_on_app || run.record.is_done(ServerStep::kHistory))
    co_return StepState::kSkipped;
  CO_CHECK_OK(co_await list_addresses(run));
  CO_TRY(const auto connection, connection_of(run));
  for (const AddressFacts& each : meant(run.record, *run.addresses)) {
    auto requests = connection->adapter->account_calls()->request_history(
        each.address, calls_.route(*connection));
    for (http::OutRequest& request : requests) {
      CO_CHECK_OK(check_time(run.until));
      auto done =
          co_await calls_.call(connection, std::move(request), "send the app's contacts and chats");
      // Asked for before, or too late: the account works without it.
      if (!done && done.error().code != ErrorCode::kProviderRejected)
        co_return std::unexpected(about(each.display_number, std::move(done).error()));
    }
  }
  co_return StepState::kDone;
}

/// Of names that were claimed for senders that are none now.
Awaitable<void> Connector::let_go(std::vector<Sender> senders) {
  ProviderNames names;
  for (const Sender& each : senders) {
    names.mode = each.mode;
    if (!changes_.senders().find_by_address(each.adapter->name(), each.mode, each.address))
      names.addresses.push_back(each.address);
  }
  if (names.addresses.empty()) co_return;
  if (!co_await names_.withdraw(std::move(names)))
    log::warn("the names of numbers that were not connected stay here");
}

Task<bool> Connector::keep(Run& run, ServerStep step, Result<StepState> end, Found found) {
  const Time now = changes_.now();
  std::vector<Sender> senders = found.fresh;
  senders.insert(senders.end(), found.changed.begin(), found.changed.end());
  auto change = ConnectionChanges::Change::of(run.record, "connection.onboarded", run.by);
  change.senders = &senders;
  change.edit = [&](store::Connection& db,
                    ConnectionRecord& record) -> Result<std::optional<Error>> {
    if (record.status == ConnectionStatus::kDisconnected)
      return Error{ErrorCode::kConflict, "it was disconnected meanwhile"};
    StepRow row =
        end ? done_step(step, *end, run.by, now) : failed_step(step, end.error(), run.by, now);
    for (const Sender& each : senders) {
      // An older one is what its connection has left of a number that went.
      const bool is_fresh =
          std::ranges::find(found.fresh, each.id, &Sender::id) != found.fresh.end();
      bool is_taken = false;
      CHECK_OK(db.query(
          kAddressElsewhere,
          {each.adapter->name(), static_cast<int>(each.mode), each.address, each.connection},
          [&](const store::Row& row) { is_taken |= is_fresh || row.id<SenderId>(0) > each.id; }));
      if (is_taken) return connected_elsewhere("number");
    }
    for (const Sender& each : found.fresh) CHECK_OK(insert_sender(db, each));
    for (const Sender& each : found.changed) CHECK_OK(update_sender(db, each));
    StepRow& kept = record.put_step(row.name);
    row.note = kept.note;
    StepRow same = row;
    same.at = kept.at;
    same.by = kept.by;
    // The same as before is no news.
    if (same != kept) kept = std::move(row);
    if (end && found.note) found.note(record);
    if (!end && step == ServerStep::kToken) note_refused_token(record, end.error(), now);
    record.status = status_of(record);
    return std::nullopt;
  };
  auto changed = co_await changes_.apply(std::move(change));
  const auto refused = changed ? std::nullopt : std::optional(changed.error().code);
  // Whatever else failed may be done all the same.
  if (refused == ErrorCode::kAccountConnectedElsewhere || refused == ErrorCode::kConflict)
    co_await let_go(found.fresh);
  if (refused == ErrorCode::kAccountConnectedElsewhere)
    co_return co_await keep(run, step, std::unexpected(std::move(changed).error()), Found());
  if (!changed) co_return std::unexpected(std::move(changed).error());
  run.record = std::move(changed->record);
  co_return end.has_value();
}

}  // namespace flowsell::connections
