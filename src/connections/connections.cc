#include "connections/connections.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace flowsell::connections {

Connections::Connections(store::Database& db, identity::Workspaces& workspaces,
                         AdapterLookup adapters)
    : db_(db), workspaces_(workspaces), adapters_(std::move(adapters)) {}

Result<Connection> Connections::opened(const ConnectionRecord& record) const {
  Connection connection;
  connection.id = record.id;
  connection.workspace = record.workspace;
  connection.mode = record.mode;
  connection.adapter = adapters_(record.channel);
  if (connection.adapter == nullptr) {
    return fail(
        ErrorCode::kInternal,
        "the database has connections of a channel that this program lacks: " + record.channel);
  }
  connection.account = record.account;
  connection.business_name = record.business_name;
  // None is left where whoever gave it wanted it deleted.
  if (!record.sealed_token.empty()) {
    TRY(connection.token,
        workspaces_.unseal(record.workspace, record.id.blob(), record.sealed_token));
  }
  connection.created_at = record.created_at;
  connection.status = record.status;
  connection.reason = record.reason;
  connection.token_expires_at = record.token_expires_at;
  connection.token_checked_at = record.token_checked_at;
  connection.token_user = record.token_user;
  return connection;
}

Result<> Connections::load() {
  Result<std::vector<ConnectionRecord>> rows;
  CHECK_OK(db_.read_now([&rows](store::Connection& db) { rows = all_connected(db); }));
  if (!rows) return std::unexpected(std::move(rows).error());
  for (const ConnectionRecord& each : *rows) {
    TRY(auto connection, opened(each));
    publish(std::make_shared<const Connection>(std::move(connection)));
  }
  return {};
}

void Connections::publish(const ConnectionPtr& connection) {
  const std::unique_lock lock(mutex_);
  by_id_[connection->id] = connection;
}

void Connections::forget(const ConnectionId& id) {
  const std::unique_lock lock(mutex_);
  by_id_.erase(id);
}

ConnectionPtr Connections::find_by_account(std::string_view channel, identity::Mode mode,
                                           std::string_view account) const {
  const std::shared_lock lock(mutex_);
  const auto found = std::ranges::find_if(by_id_, [&](const auto& each) {
    const Connection& connection = *each.second;
    return connection.account == account && connection.mode == mode &&
           connection.adapter->name() == channel;
  });
  return found == by_id_.end() ? nullptr : found->second;
}

void Connections::forget_workspace(const WorkspaceId& workspace) {
  const std::unique_lock lock(mutex_);
  std::erase_if(by_id_, [&](const auto& each) { return each.second->workspace == workspace; });
}

Result<ConnectionPtr> Connections::find(const identity::Caller& caller, std::string_view id,
                                        std::string_view pointer) const {
  const auto mine = list(caller.workspace, caller.mode);
  if (id.empty()) {
    if (mine.size() == 1) return mine.front();
    return fail_field(std::string(pointer), "required",
                      mine.empty() ? "the workspace has no connection in this mode"
                                   : "the workspace has several connections",
                      mine.empty() ? "Connect an account first."
                                   : "Name one by its id; GET /v1/connections lists them.");
  }
  const auto parsed = ConnectionId::parse(id);
  if (!parsed)
    return fail_field(std::string(pointer), "invalid_id", parsed.error().detail,
                      "Use an id that GET /v1/connections lists.");
  const auto found = std::ranges::find_if(
      mine, [&](const ConnectionPtr& connection) { return connection->id == *parsed; });
  if (found == mine.end())
    return fail_field(std::string(pointer), "not_found",
                      "the workspace has no such connection in this mode",
                      "Use an id that GET /v1/connections lists.");
  return *found;
}

ConnectionPtr Connections::find(const ConnectionId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<ConnectionPtr> Connections::list(const WorkspaceId& workspace,
                                             identity::Mode mode) const {
  const std::shared_lock lock(mutex_);
  std::vector<ConnectionPtr> out;
  for (const auto& [id, connection] : by_id_)
    if (connection->workspace == workspace && connection->mode == mode) out.push_back(connection);
  return out;
}

std::vector<ConnectionPtr> Connections::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<ConnectionPtr> out;
  out.reserve(by_id_.size());
  for (const auto& [id, connection] : by_id_) out.push_back(connection);
  return out;
}

}  // namespace flowsell::connections
