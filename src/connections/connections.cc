#include "connections/connections.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace flowsell::connections {
namespace {

const store::Sql kAll(
    "SELECT workspace_id, id, mode, channel, account, business_name, sealed_token, created_at FROM "
    "connections");

struct Stored {
  Connection connection;
  std::string channel;
  std::string sealed_token;
};

Stored read_row(const store::Row& row) {
  Stored stored;
  Connection& connection = stored.connection;
  connection.workspace = row.id<WorkspaceId>(0);
  connection.id = row.id<ConnectionId>(1);
  connection.mode = static_cast<identity::Mode>(row.integer(2));
  stored.channel = row.text(3);
  connection.account = row.text(4);
  connection.business_name = row.text(5);
  stored.sealed_token = row.text(6);
  connection.created_at = row.time(7);
  return stored;
}

}  // namespace

Connections::Connections(store::Database& db, identity::Workspaces& workspaces,
                         AdapterLookup adapters)
    : db_(db), workspaces_(workspaces), adapters_(std::move(adapters)) {}

Result<> Connections::load() {
  std::vector<Stored> rows;
  Result<> read;
  CHECK_OK(db_.read_now([&](store::Connection& db) {
    read = db.query(kAll, {}, [&rows](const store::Row& row) { rows.push_back(read_row(row)); });
  }));
  CHECK_OK(std::move(read));
  for (Stored& stored : rows) {
    Connection& connection = stored.connection;
    connection.adapter = adapters_(stored.channel);
    if (connection.adapter == nullptr) {
      return fail(
          ErrorCode::kInternal,
          "the database has connections of a channel that this program lacks: " + stored.channel);
    }
    TRY(connection.token,
        workspaces_.unseal(connection.workspace, connection.id.blob(), stored.sealed_token));
    publish(std::make_shared<const Connection>(std::move(connection)));
  }
  return {};
}

void Connections::publish(const ConnectionPtr& connection) {
  const std::unique_lock lock(mutex_);
  by_id_[connection->id] = connection;
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
