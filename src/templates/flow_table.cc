#include "flow_table.h"

#include <mutex>
#include <utility>

#include "templates/flows.h"

namespace flowsell::templates {
namespace {

using namespace std::chrono_literals;
using store::Sql;

constexpr auto kHour = 1h;

const Sql kFind(
    "SELECT status FROM flow_states WHERE workspace_id = ?1 AND connection_id = ?2 AND provider_id "
    "= ?3");
const Sql kStore(
    "INSERT INTO flow_states (workspace_id, connection_id, provider_id, status, told_at) VALUES "
    "(?1, ?2, ?3, ?4, ?5) ON CONFLICT (workspace_id, connection_id, provider_id) DO UPDATE SET "
    "status = excluded.status, told_at = excluded.told_at WHERE flow_states.told_at <= "
    "excluded.told_at");
const Sql kForgetStates("DELETE FROM flow_states WHERE workspace_id = ?1 AND connection_id = ?2");
const Sql kForgetSends("DELETE FROM flow_sends WHERE workspace_id = ?1 AND connection_id = ?2");
const Sql kDropOld(
    "DELETE FROM flow_sends WHERE workspace_id = ?1 AND connection_id = ?2 AND provider_id = ?3 "
    "AND accepted_at <= ?4");
const Sql kCount(
    "SELECT accepted_at FROM flow_sends WHERE workspace_id = ?1 AND connection_id = ?2 AND "
    "provider_id = ?3 AND accepted_at > ?4 ORDER BY accepted_at DESC LIMIT ?5");
const Sql kInsert(
    "INSERT INTO flow_sends (workspace_id, connection_id, provider_id, message_id, accepted_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5)");

std::string key_of(const ConnectionId& connection, std::string_view provider_id) {
  return std::string(connection.blob()).append(provider_id);
}

}  // namespace

Result<std::string> find_flow_status(store::Connection& db, const Account& account,
                                     std::string_view provider_id) {
  std::string status;
  CHECK_OK(db.query(kFind, {account.workspace, account.connection, provider_id},
                    [&status](const store::Row& row) { status = row.text(0); }));
  return status;
}

Result<> store_flow_news(store::Connection& db, const Account& account,
                         const channel::FlowNews& news, Time at) {
  return db.write(kStore,
                  {account.workspace, account.connection, news.provider_id, news.status, at});
}

Result<> forget_flows(store::Connection& db, const WorkspaceId& workspace,
                      const ConnectionId& connection) {
  CHECK_OK(db.write(kForgetStates, {workspace, connection}));
  return db.write(kForgetSends, {workspace, connection});
}

Result<std::optional<Time>> flow_full_until(store::Connection& db, const ThrottledFlow& flow,
                                            Time now) {
  std::size_t count = 0;
  std::optional<Time> oldest;
  CHECK_OK(db.query(kCount,
                    {flow.workspace, flow.connection, flow.provider_id, now - kHour,
                     static_cast<std::int64_t>(kFlowSendsMax)},
                    [&](const store::Row& row) {
                      ++count;
                      oldest = row.time(0);
                    }));
  if (count < kFlowSendsMax) return std::nullopt;
  return *oldest + kHour;
}

Result<> count_flow_send(store::Connection& db, const ThrottledFlow& flow, const MessageId& message,
                         Time now) {
  CHECK_OK(db.write(kDropOld, {flow.workspace, flow.connection, flow.provider_id, now - kHour}));
  return db.write(kInsert, {flow.workspace, flow.connection, flow.provider_id, message, now});
}

Error flow_throttled(const ThrottledFlow& flow, Time until, Time now) {
  const std::string detail = "the provider throttles the flow to " + std::to_string(kFlowSendsMax) +
                             " messages an hour, and so many were accepted";
  Error error{ErrorCode::kInvalidRequest, detail};
  error.fields.push_back({flow.pointer, "flow_throttled", detail,
                          "Wait, and mend the flow's endpoint: the provider throttles a flow whose "
                          "endpoint fails or is slow."});
  error.retry_after = std::chrono::ceil<std::chrono::seconds>(until - now);
  return error;
}

std::optional<KnownFlow> FlowBook::find(const ConnectionId& connection,
                                        std::string_view provider_id) const {
  const std::string key = key_of(connection, provider_id);
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t FlowBook::generation() const {
  const std::shared_lock lock(mutex_);
  return generation_;
}

void FlowBook::put(const ConnectionId& connection, std::string_view provider_id, KnownFlow known,
                   std::uint64_t generation) {
  const std::unique_lock lock(mutex_);
  if (generation != generation_) return;
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_[key_of(connection, provider_id)] = std::move(known);
}

void FlowBook::forget(const ConnectionId& connection) {
  const std::unique_lock lock(mutex_);
  ++generation_;
  std::erase_if(entries_,
                [&](const auto& each) { return each.first.starts_with(connection.blob()); });
}

}  // namespace flowsell::templates
