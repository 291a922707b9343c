#include "nodes.h"

#include <algorithm>

#include "json/json.h"
#include "query.h"

namespace flowsell::graph_door {
namespace {

using connections::ConnectionPtr;
using json::text_in;

constexpr std::string_view kLibraryName = "message_template_library";

Error not_found() { return {ErrorCode::kNotFound, "there is no such object"}; }

std::vector<ConnectionPtr> accounts_of(const GraphCall& call) {
  auto all = call.services.senders.connections().list(call.caller.workspace, call.caller.mode);
  std::erase_if(all, [](const auto& each) { return each->adapter->name() != kChannel; });
  return all;
}

/// What kept the provider from telling; success where it has told, if only that there is no such
/// thing, or that it is not this account's.
Result<> check_told(const connections::Connection& connection, const http::Exchange& exchange) {
  using Kind = channel::Interpretation::Kind;
  using channel::RetryClass;
  if (exchange.status < 400) return {};
  const auto answer = connection.adapter->interpret(exchange);
  const bool is_read = answer.kind == Kind::kError;
  const bool is_pace = is_read && exchange.status == 429;
  if (is_pace || (is_read && answer.retry == RetryClass::kWait)) {
    Error error{ErrorCode::kRateLimited, "the provider says that it is asked too often"};
    error.retry_after = answer.retry_after;
    return std::unexpected(std::move(error));
  }
  if (is_read && exchange.status < 500) return {};
  return fail(ErrorCode::kProviderUnreachable, "the provider does not tell what it has");
}

/// What the provider shows of `path`; nullopt where it shows nothing.
Task<std::optional<json::Document>> read(const GraphCall& call, ConnectionPtr asked,
                                         std::string path) {
  http::OutRequest request;
  request.method = http::Method::kGet;
  request.url = call.services.provider_calls.route(*asked).at(path);
  const auto looked = co_await call.services.provider_calls.exchange(asked, std::move(request));
  // Nothing was changed, whatever the call is to do then.
  if (!looked) co_return fail(ErrorCode::kProviderUnreachable, looked.error().detail);
  const http::Exchange& exchange = *looked;
  CO_CHECK_OK(check_told(*asked, exchange));
  if (exchange.status != 200) co_return std::nullopt;
  auto document = json::parse(exchange.body);
  if (!document || !document->root().is_object()) co_return std::nullopt;
  co_return *std::move(document);
}

bool lists(const json::Object& answer, std::string_view id) {
  const json::Value* data = answer.if_contains("data");
  const json::Array* all = data == nullptr ? nullptr : data->if_array();
  return all != nullptr && std::ranges::any_of(*all, [id](const json::Value& each) {
           const json::Object* object = each.if_object();
           return object != nullptr && text_in(*object, "id") == id;
         });
}

/// Whether the account's list of templates has the one of that id.
Task<bool> has_template(const GraphCall& call, ConnectionPtr connection, std::string id) {
  CO_TRY(const auto shown, co_await read(call, connection, "/" + id + "?fields=name"));
  if (!shown) co_return false;
  const Parameters asked = {{"fields", "id"},
                            {"limit", "1000"},
                            {"name", std::string(text_in(shown->root().get_object(), "name"))}};
  std::string path = "/" + connection->account + "/message_templates?" + parameters_text(asked);
  CO_TRY(const auto listed, co_await read(call, connection, std::move(path)));
  co_return listed&& lists(listed->root().get_object(), id);
}

}  // namespace

Result<> require(const GraphCall& call, identity::Scope scope) {
  if (call.caller.scopes.has(scope)) return {};
  return fail(ErrorCode::kInsufficientScope,
              "the key lacks the scope " + std::string(identity::scope_name(scope)));
}

Result<connections::SenderPtr> find_number(const GraphCall& call) {
  auto sender = call.services.senders.find_by_address(kChannel, call.caller.mode, call.path.node);
  if (!sender || sender->workspace != call.caller.workspace) return nullptr;
  if (!call.caller.may_send_from(sender->id))
    return fail(ErrorCode::kSenderNotAllowed, "the key may not use this number");
  return sender;
}

Task<Node> find_node(const GraphCall& call) {
  CO_TRY(const auto sender, find_number(call));
  if (sender) {
    auto connection = call.services.senders.connections().find(sender->connection);
    if (!connection) co_return std::unexpected(not_found());
    co_return Node{NodeKind::kNumber, std::move(connection), sender->id.str()};
  }
  const auto accounts = accounts_of(call);
  const auto account =
      std::ranges::find(accounts, call.path.node, [](const auto& each) { return each->account; });
  if (account != accounts.end()) co_return Node{NodeKind::kAccount, *account, (*account)->id.str()};
  if (call.path.node == kLibraryName && !accounts.empty())
    co_return Node{NodeKind::kLibrary, accounts.front(), accounts.front()->id.str()};
  if (!is_id(call.path.node)) co_return std::unexpected(not_found());
  CO_CHECK_OK(require(call, identity::Scope::kTemplatesRead));
  for (const ConnectionPtr& connection : accounts) {
    std::string id(call.path.node);
    CO_TRY(const bool is_its, co_await has_template(call, connection, std::move(id)));
    if (is_its) co_return Node{NodeKind::kTemplate, connection, connection->id.str()};
  }
  co_return std::unexpected(not_found());
}

}  // namespace flowsell::graph_door
