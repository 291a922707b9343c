#include "connections/senders.h"

#include <algorithm>
#include <mutex>
#include <ranges>
#include <set>
#include <utility>

namespace flowsell::connections {
namespace {

using store::Sql;

const Sql kInsertSender(
    "INSERT INTO senders (workspace_id, id, connection_id, mode, channel, address, display_number, "
    "name, created_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
const Sql kUpdateSender(
    "UPDATE senders SET display_number = ?3, name = ?4, let_go_at = NULL WHERE workspace_id = ?1 "
    "AND id = ?2");
const Sql kLetGo("UPDATE senders SET let_go_at = ?3 WHERE workspace_id = ?1 AND id = ?2");
const Sql kHasAddress(
    "SELECT 1 FROM senders JOIN connections ON connections.workspace_id = senders.workspace_id AND "
    "connections.id = senders.connection_id WHERE senders.channel = ?1 AND senders.mode = ?2 AND "
    "senders.address = ?3 AND senders.let_go_at IS NULL AND connections.disconnected_at IS NULL "
    "LIMIT 1");
const Sql kAll(
    "SELECT workspace_id, id, connection_id, mode, address, display_number, name, created_at, "
    "channel, let_go_at FROM senders ORDER BY id");

struct CreateOp final : store::WriteOp {
  CreateOp(const Sender& s, const ConnectionRecord& r);
  Result<> apply(store::Connection& db) const {
    CHECK_OK(store_connection(db, record, nullptr));
    return insert_sender(db, sender);
  }
  const Sender& sender;
  const ConnectionRecord& record;
};
constexpr store::WriteKind kCreateKind{"sender", 6, store::apply_each<CreateOp>};
CreateOp::CreateOp(const Sender& s, const ConnectionRecord& r)
    : WriteOp(kCreateKind), sender(s), record(r) {}

std::string address_key(std::string_view channel, std::string_view address) {
  return std::string(channel).append(":").append(address);
}

}  // namespace

Result<> insert_sender(store::Connection& db, const Sender& s) {
  return db.write(kInsertSender,
                  {s.workspace, s.id, s.connection, static_cast<int>(s.mode), s.adapter->name(),
                   s.address, s.display_number, s.name, s.created_at});
}

Result<> update_sender(store::Connection& db, const Sender& s) {
  return db.write(kUpdateSender, {s.workspace, s.id, s.display_number, s.name});
}

Result<> store_let_go(store::Connection& db, const Sender& s, Time now) {
  return db.write(kLetGo, {s.workspace, s.id, now});
}

Senders::Senders(store::Database& db, identity::Workspaces& workspaces, AdapterLookup adapters,
                 IdSource& ids, const Clock& clock)
    : db_(db),
      workspaces_(workspaces),
      adapters_(std::move(adapters)),
      ids_(ids),
      clock_(clock),
      connections_(db, workspaces, adapters_) {}

Result<> Senders::load() {
  CHECK_OK(connections_.load());
  std::vector<Sender> rows;
  Result<> read;
  CHECK_OK(db_.read_now([&](store::Connection& db) {
    read = db.query(kAll, {}, [this, &rows](const store::Row& row) {
      Sender sender;
      sender.workspace = row.id<WorkspaceId>(0);
      sender.id = row.id<SenderId>(1);
      sender.connection = row.id<ConnectionId>(2);
      sender.mode = static_cast<identity::Mode>(row.integer(3));
      sender.address = row.text(4);
      sender.display_number = row.text(5);
      sender.name = row.text(6);
      sender.created_at = row.time(7);
      sender.adapter = adapters_(row.text(8));
      sender.has_let_go = !row.is_null(9);
      rows.push_back(std::move(sender));
    });
  }));
  CHECK_OK(std::move(read));
  std::set<std::pair<identity::Mode, std::string>> held;
  for (Sender& sender : std::views::reverse(rows)) {
    const auto connection = connections_.find(sender.connection);
    if (sender.adapter == nullptr)
      return fail(ErrorCode::kInternal, "the database has senders of a channel that is not here");
    // A number is the newest one's: an older one's account was connected again without it.
    sender.is_removed =
        !connection || sender.has_let_go ||
        !held.emplace(sender.mode, address_key(sender.adapter->name(), sender.address)).second;
    if (sender.is_removed) continue;
    sender.account = connection->account;
    sender.token = connection->token;
  }
  for (Sender& sender : rows) publish(std::make_shared<const Sender>(std::move(sender)));
  return {};
}

Result<SenderPtr> Senders::create(Draft draft) {
  Sender sender;
  sender.id = ids_.next<IdKind::kSender>();
  sender.connection = ids_.next<IdKind::kConnection>();
  sender.workspace = draft.workspace;
  sender.mode = draft.mode;
  sender.adapter = adapters_(draft.channel);
  if (sender.adapter == nullptr)
    return fail(ErrorCode::kInvalidRequest, "there is no such channel");
  if (find_by_address(draft.channel, draft.mode, draft.address) != nullptr)
    return fail(ErrorCode::kAccountConnectedElsewhere, "there is a sender of that address");
  sender.account = draft.account;
  sender.address = draft.address;
  sender.display_number = draft.display_number;
  sender.name = draft.business_name;
  sender.created_at = clock_.now();
  ConnectionRecord record;
  record.workspace = sender.workspace;
  record.id = sender.connection;
  record.mode = sender.mode;
  record.channel = draft.channel;
  record.account = draft.account;
  record.business_name = draft.business_name;
  TRY(record.sealed_token,
      workspaces_.seal(sender.workspace, sender.connection.blob(), draft.token));
  record.status = ConnectionStatus::kActive;
  record.created_at = record.updated_at = sender.created_at;
  CreateOp op(sender, record);
  CHECK_OK(db_.commit_now(op));
  sender.token = std::move(draft.token);
  TRY(auto connection, connections_.opened(record));
  connections_.publish(std::make_shared<const Connection>(std::move(connection)));
  auto stored = std::make_shared<const Sender>(std::move(sender));
  publish(stored);
  return stored;
}

void Senders::take_out(const Sender& sender) {
  const auto is_it = [&sender](const SenderPtr& each) { return each->id == sender.id; };
  auto& mine = by_workspace_[{sender.workspace, sender.mode}];
  std::erase_if(mine, is_it);
  const auto erase_own = [&](auto& map, std::string_view part) {
    const auto found = map.find({sender.mode, address_key(sender.adapter->name(), part)});
    if (found != map.end() && is_it(found->second)) map.erase(found);
  };
  erase_own(by_address_, sender.address);
  erase_own(by_account_, sender.account);
  const auto other = std::ranges::find(mine, sender.account, &Sender::account);
  if (other == mine.end()) return;
  by_account_.try_emplace({sender.mode, address_key(sender.adapter->name(), sender.account)},
                          *other);
}

Result<bool> Senders::insert(store::Connection& db, const Sender& s) {
  bool is_taken = false;
  CHECK_OK(db.query(kHasAddress, {s.adapter->name(), static_cast<int>(s.mode), s.address},
                    [&is_taken](const store::Row&) { is_taken = true; }));
  if (is_taken) return false;
  CHECK_OK(insert_sender(db, s));
  return true;
}

void Senders::publish(const SenderPtr& sender) {
  const std::unique_lock lock(mutex_);
  const SenderPtr before = std::exchange(by_id_[sender->id], sender);
  if (before && !before->is_removed) take_out(*before);
  if (sender->is_removed) return;
  auto& mine = by_workspace_[{sender->workspace, sender->mode}];
  mine.insert(std::ranges::upper_bound(mine, sender->id, {}, &Sender::id), sender);
  by_address_[{sender->mode, address_key(sender->adapter->name(), sender->address)}] = sender;
  by_account_[{sender->mode, address_key(sender->adapter->name(), sender->account)}] = sender;
}

void Senders::add(const Sender& sender) {
  ConnectionPtr connection;
  do {
    connection = connections_.find(sender.connection);
    Sender now = sender;
    now.is_removed = !connection;
    now.token = connection ? connection->token : Secret();
    publish(std::make_shared<const Sender>(std::move(now)));
    // What changes from here on finds it among its connection's.
  } while (connections_.find(sender.connection) != connection);
}

std::vector<SenderPtr> Senders::of_connection(const ConnectionId& id) const {
  const std::shared_lock lock(mutex_);
  std::vector<SenderPtr> out;
  for (const auto& [key, sender] : by_id_)
    if (sender->connection == id) out.push_back(sender);
  return out;
}

std::vector<SenderPtr> Senders::of_workspace(const WorkspaceId& workspace) const {
  const std::shared_lock lock(mutex_);
  std::vector<SenderPtr> out;
  for (const auto& [key, sender] : by_id_)
    if (sender->workspace == workspace) out.push_back(sender);
  return out;
}

void Senders::refresh(const ConnectionId& id, const ConnectionPtr& connection) {
  if (connection) {
    connections_.publish(connection);
  } else {
    connections_.forget(id);
  }
  for (const SenderPtr& each : of_connection(id)) {
    Sender now = *each;
    const auto holder = find_by_address(each->adapter->name(), each->mode, each->address);
    // Somebody else may have connected the number while this connection was let go of.
    now.is_removed = !connection || each->has_let_go || (holder && holder->connection != id);
    now.token = now.is_removed ? Secret() : connection->token;
    if (connection) now.account = connection->account;
    publish(std::make_shared<const Sender>(std::move(now)));
  }
}

/// Of a message that names none.
Result<SenderPtr> Senders::find_default(const identity::Caller& caller,
                                        const std::vector<SenderPtr>& senders) const {
  if (senders.empty()) {
    return fail_field("/from", "required", "the workspace has no sender",
                      "Connect a WhatsApp number first.");
  }
  SenderPtr found = senders.size() == 1 ? senders.front() : nullptr;
  if (!found) {
    const auto settings = workspaces_.settings().of(caller.workspace);
    const auto wanted =
        std::ranges::find(senders, settings->default_sender(caller.mode), &Sender::id);
    if (wanted != senders.end()) found = *wanted;
  }
  if (!found) {
    return fail_field("/from", "required",
                      "the workspace has several senders, and no default among them",
                      "Name one by its id; GET /v1/senders lists them.");
  }
  if (!caller.may_send_from(found->id)) {
    return fail(ErrorCode::kSenderNotAllowed,
                "the key may not use the workspace's only sender, or its default");
  }
  return found;
}

void Senders::forget_workspace(const WorkspaceId& workspace) {
  connections_.forget_workspace(workspace);
  const std::unique_lock lock(mutex_);
  const auto is_its = [&](const auto& each) { return each.second->workspace == workspace; };
  std::erase_if(by_id_, is_its);
  std::erase_if(by_address_, is_its);
  std::erase_if(by_account_, is_its);
  std::erase_if(by_workspace_, [&](const auto& each) { return each.first.first == workspace; });
}

Result<SenderPtr> Senders::find(const identity::Caller& caller, std::string_view from) const {
  const std::shared_lock lock(mutex_);
  const auto mine = by_workspace_.find({caller.workspace, caller.mode});
  const auto none = std::vector<SenderPtr>{};
  const auto& senders = mine == by_workspace_.end() ? none : mine->second;
  if (from.empty()) return find_default(caller, senders);
  const auto found = std::ranges::find_if(senders, [from](const SenderPtr& s) {
    return s->display_number == from || (from.starts_with("snd_") && s->id.str() == from);
  });
  if (found == senders.end()) {
    return fail_field("/from", "not_found", "the workspace has no such sender in this mode",
                      "Use an id or number that GET /v1/senders lists.");
  }
  if (!caller.may_send_from((*found)->id))
    return fail(ErrorCode::kSenderNotAllowed, "the key may not use this sender");
  return *found;
}

SenderPtr Senders::find(const SenderId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

SenderPtr Senders::find_by_address(std::string_view channel, identity::Mode mode,
                                   std::string_view address) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_address_.find(std::pair(mode, address_key(channel, address)));
  return found == by_address_.end() ? nullptr : found->second;
}

SenderPtr Senders::find_by_account(std::string_view channel, identity::Mode mode,
                                   std::string_view account) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_account_.find(std::pair(mode, address_key(channel, account)));
  return found == by_account_.end() ? nullptr : found->second;
}

std::vector<SenderPtr> Senders::list(const WorkspaceId& workspace, identity::Mode mode) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_workspace_.find({workspace, mode});
  return found == by_workspace_.end() ? std::vector<SenderPtr>{} : found->second;
}

std::vector<SenderPtr> Senders::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<SenderPtr> out;
  out.reserve(by_id_.size());
  for (const auto& [id, sender] : by_id_)
    if (!sender->is_removed) out.push_back(sender);
  return out;
}

}  // namespace flowsell::connections
