#include "connections_world.h"

#include <algorithm>

#include "audit/audit_log.h"
#include "json/json.h"
#include "messaging/schema.h"
#include "team/schema.h"

namespace flowsell::connections {
namespace {

webhook::WorldOptions with_tables() {
  webhook::WorldOptions options;
  options.more_tables = {team::migrations(), connections::migrations(), messaging::migrations()};
  return options;
}

AdapterLookup lookup(const FakeChannel& adapter) {
  return [&adapter](std::string_view name) { return name == "fake" ? &adapter : nullptr; };
}

ProviderRoutes routes(const testkit::HttpImposter& provider) {
  ProviderRoutes routes;
  routes.test_api_base = http::Url::parse(provider.url("/v1")).value();
  routes.live_api_base = routes.test_api_base;
  return routes;
}

ConnectorOptions with_apps() {
  ConnectorOptions options;
  options.test_app = {"app", Secret("secret")};
  options.live_app = options.test_app;
  options.callback = {"https://back.example", Secret("verify")};
  return options;
}

}  // namespace

ConnectionsWorld::ConnectionsWorld(std::string policy_version)
    : WebhookWorld(with_tables()),
      senders(*db, workspaces, lookup(adapter), ids, clock),
      provider_calls(client, clock, routes(provider)),
      changes(*db, senders, events, idempotency, ids, clock),
      policies(*db, ids, clock, std::move(policy_version)),
      options(with_apps()),
      connector(changes, provider_calls, workspaces, policies, names(), lookup(adapter), ids,
                options),
      desk(changes, provider_calls, names()),
      watch(pool, changes, connector, workspaces) {
  provider_calls.set_listener([this](const ConnectionPtr& connection, const ProviderError& error) {
    watch.refused(connection->id, error);
  });
}

ConnectionsWorld::~ConnectionsWorld() {
  provider.release();
  watch.stop();
  outbox.stop(testkit::kPatience);
  pool.stop();
}

NameBook ConnectionsWorld::names() {
  NameBook book;
  book.claim = [this](ProviderNames wanted) -> Task<bool> {
    claimed.push_back(std::move(wanted));
    co_return !is_elsewhere;
  };
  book.withdraw = [this](ProviderNames gone) -> Task<> {
    withdrawn.push_back(std::move(gone));
    co_return Result<>{};
  };
  book.release = [](ProviderNames /*wanted*/) -> Task<> { co_return Result<>{}; };
  return book;
}

void ConnectionsWorld::refuses(int code, const std::string& reason, int subcode) {
  says(R"({"error":{"code":)" + std::to_string(code) + R"(,"subcode":)" + std::to_string(subcode) +
           R"(,"reason":")" + reason + R"("}})",
       400);
}

void ConnectionsWorld::says_token_is_good(const std::string& more) {
  says(R"({"valid":true,"app":"app","user":"u1")" + more + "}");
}

void ConnectionsWorld::says_all_is_well() {
  says_token_is_good(R"(,"accounts":["acc"])");
  says(R"({"name":"Shop","currency":"INR","owner":"biz"})");
  says(R"({"numbers":[{"id":"n1","number":"+15550000001","registered":true}]})");
  says("{}");
}

SenderPtr ConnectionsWorld::add_sender(const std::string& address, const std::string& number) {
  Senders::Draft draft;
  draft.workspace = caller.workspace;
  draft.mode = caller.mode;
  draft.channel = "fake";
  draft.account = "account of " + address;
  draft.business_name = "Acme";
  draft.token = Secret("the-provider-token");
  draft.address = address;
  draft.display_number = number;
  return senders.create(std::move(draft)).value();
}

ConnectOrder ConnectionsWorld::order() {
  ConnectOrder wanted;
  wanted.workspace = caller.workspace;
  wanted.mode = caller.mode;
  wanted.channel = "fake";
  wanted.token = Secret("the-token");
  wanted.via = ConnectedVia::kEmbeddedSignup;
  wanted.by.actor = {audit::ActorKind::kUser, "usr_1"};
  return wanted;
}

Result<ConnectionRecord> ConnectionsWorld::connect(ConnectOrder wanted) {
  return testkit::run(pool, connector.connect(std::move(wanted)));
}

Result<ConnectionRecord> ConnectionsWorld::resume(const ConnectionRecord& record,
                                                  const std::string& pin) {
  return testkit::run(pool, connector.resume(record.workspace, record.id, Secret(pin), {}));
}

ConnectionRecord ConnectionsWorld::now_is(const ConnectionRecord& record) {
  return testkit::run(pool, desk.find(record.workspace, record.mode, record.id)).value();
}

std::vector<std::string> ConnectionsWorld::asked() {
  std::vector<std::string> paths;
  const auto seen = provider.wait_for(asked_);
  for (std::size_t i = asked_; i < seen.size(); ++i)
    paths.push_back(seen[i].target.substr(std::string_view("/v1").size()));
  asked_ = seen.size();
  return paths;
}

std::vector<std::string> ConnectionsWorld::acts() {
  audit::Query query;
  query.scope = caller.workspace.blob();
  query.act = "connection.*";
  query.limit = 1000;
  const auto page = testkit::in_snapshot(
      *db, [&query](store::Connection& connection) { return audit::list(connection, query); });
  std::vector<std::string> names;
  for (const audit::Event& event : page.rows) names.push_back(event.name);
  std::ranges::reverse(names);
  return names;
}

std::string ConnectionsWorld::newest_act() {
  audit::Query query;
  query.scope = caller.workspace.blob();
  query.act = "connection.*";
  query.limit = 1;
  const auto page = testkit::in_snapshot(
      *db, [&query](store::Connection& connection) { return audit::list(connection, query); });
  return page.rows.empty() ? std::string() : page.rows.front().name + page.rows.front().after;
}

std::vector<std::string> ConnectionsWorld::told() {
  webhook::EventQuery query;
  query.workspace = caller.workspace;
  query.mode = caller.mode;
  query.type = webhook::EventType::kConnectionUpdated;
  query.limit = 100;
  std::vector<std::string> statuses;
  for (const auto& event : events_now(query)) {
    const auto document = json::parse("{" + event.draft.body + "}");
    statuses.emplace_back(std::string_view(document->root().as_object().at("status").as_string()));
  }
  std::ranges::reverse(statuses);
  return statuses;
}

}  // namespace flowsell::connections
