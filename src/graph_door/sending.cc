#include "sending.h"

#include <optional>

#include "api/replay.h"
#include "channel/message.h"
#include "core/encoding.h"
#include "graph_error.h"
#include "json/json.h"
#include "json/writer.h"
#include "messaging/render.h"
#include "passing.h"

namespace flowsell::graph_door {
namespace {

using messaging::Accepted;
using messaging::MessageRow;
using messaging::MessageStatus;
using messaging::Waiters;
using whatsapp::GraphRead;
using whatsapp::GraphSend;

/// How long a message lives: what could be tried again only later is told as the provider tells it,
/// and the client decides, as it does with the provider itself.
constexpr std::chrono::seconds kLife{20};
/// How long an answer is held back: the life, and an attempt at its end.
constexpr std::chrono::seconds kWait{40};

Result<json::Document> json_of(const http::Request& request) {
  auto type = request.header("Content-Type");
  type = type.substr(0, type.find(';'));
  if (!type.empty() && !equals_ignoring_case(type, "application/json"))
    return fail(ErrorCode::kUnsupportedMediaType, "the Content-Type must be application/json");
  return json::parse(request.body);
}

http::Response sent_response(const MessageRow& row, const GraphSend& send) {
  json::Writer out;
  out.begin_object().key("messaging_product").string("whatsapp").key("contacts").begin_array();
  out.begin_object().key("input").string(send.input);
  out.key(send.is_user_id ? "user_id" : "wa_id").string(send.contact).end_object().end_array();
  out.key("messages").begin_array().begin_object().key("id").string(row.provider_message_id);
  if (row.kind == "template") out.key("message_status").string("accepted");
  out.end_object().end_array().end_object();
  http::Response response;
  response.body = std::move(out).take();
  return response;
}

/// It was certainly not sent. `words`: the provider's about it.
GraphError failure_of(const MessageRow& row, const std::string& words, std::string fix) {
  const messaging::MessageError& why = *row.error;
  Error error{ErrorCode::kProviderRejected, words};
  if (why.provider_code != 0 || why.code == "authentication_failed") {
    error.provider = ProviderError{};
    error.provider->code = why.provider_code;
    error.provider->subcode = why.provider_subcode;
    error.provider->reason = why.code;
    error.provider->trace_id = why.trace_id;
    error.provider->text = words.empty() ? why.code : words;
    error.provider->fix = std::move(fix);
    return error_of(error, Asked::kMessage);
  }
  // Our own: its time was over, or what it needs is gone.
  GraphError out =
      error_of({ErrorCode::kProviderUnreachable, "the message was not sent"}, Asked::kMessage);
  out.details = "The message was not sent. " + fix;
  out.reason = why.code;
  return out;
}

GraphError unknown_of(bool is_settled_now) {
  GraphError out = error_of({ErrorCode::kProviderTimeout, {}}, Asked::kMessage);
  out.message = is_settled_now ? "It is not known whether the message was sent"
                               : "The message is still being sent";
  out.details =
      "Don't send it again: it may reach its recipient. The same request with the same "
      "Idempotency-Key tells what became of it, as do webhooks and GET "
      "/v1/messages/{flowsell_message_id}.";
  out.reason = is_settled_now ? "outcome_unknown" : "accepted";
  return out;
}

http::Response answer_of(const GraphCall& call, const MessageRow& row, const GraphSend& send,
                         const std::string& words) {
  // Later steps, a failure among them, don't change that it was taken.
  if (!row.provider_message_id.empty()) return sent_response(row, send);
  GraphError error = row.status == MessageStatus::kFailed && row.error
                         ? failure_of(row, words, messaging::fix_of(call.services.senders, row))
                         : unknown_of(is_settled(row.status));
  error.message_id = row.id.str();
  return render(error, call.trace_id);
}

/// It was accepted, and may be sent: what keeps it from being looked at says nothing of it.
http::Response unseen(const GraphCall& call, MessageId id) {
  GraphError error = unknown_of(/*is_settled_now=*/true);
  error.message_id = id.str();
  return render(error, call.trace_id);
}

Task<MessageRow> read_row(const GraphCall& call, MessageId id) {
  CO_TRY(auto row, co_await call.services.messages.find(call.caller.workspace, id));
  if (!row) co_return fail(ErrorCode::kOutcomeUnknown, "the message was deleted meanwhile");
  co_return *std::move(row);
}

Task<http::Response> send(const GraphCall& call, GraphSend send) {
  CO_TRY(const auto document, json::parse(send.request.reveal()));
  CO_TRY(auto message, channel::parse_message(document.root()));
  const api::Services& services = call.services;
  CO_TRY(auto key, api::idempotent_call(services, call.caller, call.request, call.request.body));
  const auto executor = co_await net::this_coro::executor;
  const MessageId id = services.accept.next_id();
  std::optional<Waiters::Wait> wait;
  wait.emplace(services.waiters, id, executor);
  CO_TRY(const Accepted accepted,
         co_await services.accept.accept(call.caller, id, std::move(message), send.request, key));
  const MessageId made = accepted.row->id;
  if (accepted.replayed) wait.emplace(services.waiters, made, executor);
  // What is being settled now notifies the wait that was made before this look.
  auto row = co_await read_row(call, made);
  if (row && !is_settled(row->status)) {
    co_await wait->until(services.clock.steady_now() + kWait);
    row = co_await read_row(call, made);
  }
  http::Response response = row ? answer_of(call, *row, send, wait->detail()) : unseen(call, made);
  api::mark_replay(response, accepted.replayed);
  co_return response;
}

/// The provider knows whether it is a message to this number.
Task<http::Response> mark_read(const GraphCall& call, connections::SenderPtr sender,
                               GraphRead read) {
  auto connection = call.services.senders.connections().find(sender->connection);
  if (!connection) co_return fail(ErrorCode::kNotFound, "the number's account was removed");
  auto& calls = call.services.provider_calls;
  CO_TRY(auto request, sender->adapter->compile_read(read.message, read.typing,
                                                     calls.route(*connection, sender->address)));
  CO_TRY(auto exchange, co_await calls.exchange(connection, std::move(request)));
  co_return passed_back(call, std::move(exchange), connection->token, Again::kHarmless);
}

}  // namespace

Task<http::Response> send_message(const GraphCall& call, connections::SenderPtr sender,
                                  whatsapp::GraphEdge edge) {
  CO_CHECK_OK(require(call, identity::Scope::kMessagesSend));
  CO_TRY(const auto document, json_of(call.request));
  CO_TRY(auto asked,
         whatsapp::read_graph_message(document.root(), edge, sender->id, kLife.count()));
  if (auto* read = std::get_if<GraphRead>(&asked))
    co_return co_await mark_read(call, std::move(sender), std::move(*read));
  auto message = std::get<GraphSend>(std::move(asked));
  co_return co_await send(call, std::move(message));
}

}  // namespace flowsell::graph_door
