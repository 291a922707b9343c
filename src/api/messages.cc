#include <algorithm>

#include "call.h"
#include "channel/message.h"
#include "headers.h"
#include "json/writer.h"
#include "messaging/message_table.h"
#include "messaging/render.h"
#include "paging.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using messaging::Accepted;
using messaging::Waiters;

using Started = std::chrono::steady_clock::time_point;

/// Those that every answer has (api.cc) among them.
constexpr std::size_t kHeadersOfASend = 8;

void add_fix(const Call& call, messaging::MessageRow& row) {
  if (row.error) row.error->fix = messaging::fix_of(call.services.senders, row);
}

Task<messaging::MessageRow> read_message(Call& call, MessageId id) {
  CO_TRY(auto row, co_await call.services.messages.find(call.caller.workspace, id));
  if (!row || row->mode != call.caller.mode)
    co_return fail(ErrorCode::kNotFound, "there is no such message");
  add_fix(call, *row);
  co_return *std::move(row);
}

Task<messaging::MessagePtr> read_shared(Call& call, MessageId id) {
  CO_TRY(auto row, co_await read_message(call, id));
  co_return std::make_shared<messaging::MessageRow>(std::move(row));
}

/// `body` shows the message.
http::Response accepted_response(const Accepted& accepted, std::string body) {
  http::Response response;
  response.status = 202;
  response.body = std::move(body);
  response.headers.reserve(kHeadersOfASend);
  response.headers.push_back({"Location", "/v1/messages/" + accepted.row->id.str()});
  mark_replay(response, accepted.replayed);
  return response;
}

/// Holds the answer back until the message is settled: 200 with what the provider said, or 202 when
/// time runs out.
Task<http::Response> wait_for(Call& call, Accepted accepted, Waiters::Wait& wait,
                              std::chrono::seconds span) {
  // A replayed message may be settled long since; one that is being settled now notifies the wait
  // made before this look.
  bool settled = accepted.replayed && is_settled(accepted.row->status);
  if (!settled) settled = co_await wait.until(call.services.clock.steady_now() + span);
  if (settled) {
    CO_TRY(accepted.row, co_await read_shared(call, accepted.row->id));
  }
  auto response =
      accepted_response(accepted, settled ? messaging::render_message(*accepted.row, wait.detail())
                                          : messaging::render_accepted(*accepted.row));
  if (settled) response.status = 200;
  response.headers.push_back({"Preference-Applied", "wait=" + std::to_string(span.count())});
  co_return response;
}

Task<http::Response> send_message(Call& call) {
  // A live key was made only where that was accepted; a person comes without one.
  if (call.caller.key.is_none() && call.caller.mode == identity::Mode::kLive)
    CO_CHECK_OK(co_await call.services.policies.require(call.caller.workspace));
  CO_TRY(const auto document, json_body(call.request));
  CO_TRY(auto message, channel::parse_message(document.root()));
  CO_TRY(auto key, idempotent_call(call));
  auto& accept = call.services.accept;
  const MessageId id = accept.next_id();
  const auto wait_span = wait_preference(call.request.header("Prefer"));
  std::optional<Waiters::Wait> wait;
  if (wait_span) wait.emplace(call.services.waiters, id, co_await net::this_coro::executor);

  Content raw_body{std::string(call.request.body)};
  const auto begun = wait ? std::chrono::steady_clock::now() : Started();
  CO_TRY(auto accepted,
         co_await accept.accept(call.caller, id, std::move(message), std::move(raw_body), key));
  call.quota = accepted.quota;
  if (!wait) co_return accepted_response(accepted, messaging::render_accepted(*accepted.row));
  const auto stored = std::chrono::steady_clock::now();
  if (accepted.replayed) {
    wait.emplace(call.services.waiters, accepted.row->id, co_await net::this_coro::executor);
    CO_TRY(accepted.row, co_await read_shared(call, accepted.row->id));
  }
  CO_TRY(auto response, co_await wait_for(call, std::move(accepted), *wait, *wait_span));
  add_timing(response, "db", stored - begun);
  add_timing(response, "provider", std::chrono::steady_clock::now() - stored);
  co_return response;
}

/// Whether the recipient may be written to without a template, as far as is known here.
void write_window(json::Writer& out, const std::optional<messaging::ConversationWindow>& window,
                  bool is_template, Time now) {
  const bool is_open = window && window->is_open(now);
  out.key("window").begin_object().key("status").string(is_open ? "open" : "closed");
  out.key("needs_template").boolean(!is_open && !is_template);
  if (window) {
    out.key("last_inbound_at").string(format_time(window->last_inbound_at));
    out.key("open_until").string(format_time(window->last_inbound_at + messaging::kServiceWindow));
    if (window->entry_point_at) {
      out.key("entry_point_at").string(format_time(*window->entry_point_at));
      out.key("entry_point_until")
          .string(format_time(*window->entry_point_at + messaging::kEntryPointWindow));
    }
  }
  out.end_object();
}

Task<http::Response> validate_message(Call& call) {
  CO_TRY(const auto document, json_body(call.request));
  CO_TRY(const auto message, channel::parse_message(document.root()));
  auto& accept = call.services.accept;
  CO_TRY(const auto checked, co_await accept.check(call.caller, accept.next_id(), message));
  json::Writer out;
  out.begin_object().key("object").string("message_validation").key("valid").boolean(true);
  out.key("sender_id").string(checked.sender->id.str());
  out.key("type").string(channel::kind_name(message.body)).key("to").string(message.to.masked());
  CO_TRY(const auto window, co_await accept.window_of(*checked.sender, message));
  write_window(out, window, std::holds_alternative<channel::Template>(message.body),
               call.services.clock.now());
  out.end_object();
  http::Response response;
  response.body = std::move(out).take();
  co_return response;
}

Task<http::Response> get_message(Call& call) {
  CO_TRY(const auto id, MessageId::parse(call.request.params.at(0)));
  CO_TRY(const auto row, co_await read_message(call, id));
  http::Response response;
  response.body = messaging::render_message(row);
  co_return response;
}

Result<messaging::MessageQuery> parse_query(Call& call) {
  TRY(auto in, QueryReader::parse(call.request.query));
  auto query = list_query<messaging::MessageQuery>(in, call.caller);
  query.sender = in.id<SenderId>("sender_id");
  query.client_ref = in.text("client_ref");
  query.created_from = in.time("created[gte]");
  query.created_before = in.time("created[lt]");
  if (const auto status = in.text("status")) {
    query.status = channel::parse_status(*status);
    if (!query.status)
      in.fault("status", "invalid_value", "no such status",
               "Use accepted, sending, sent, delivered, read, failed, unknown or received.");
  }
  if (const auto direction = in.text("direction")) {
    query.inbound = *direction == "inbound";
    if (*direction != "inbound" && *direction != "outbound") {
      in.fault("direction", "invalid_value", "no such direction", "Use inbound or outbound.");
    }
  }
  if (const auto to = in.text("to"))
    query.contact_hash = call.services.accept.hash_of(call.caller.workspace, *to);
  CHECK_OK(in.finish());
  return query;
}

Task<http::Response> list_messages(Call& call) {
  CO_TRY(auto query, parse_query(call));
  CO_TRY(auto page, co_await call.services.messages.list(std::move(query)));
  for (messaging::MessageRow& row : page.rows) add_fix(call, row);
  co_return list_response(call.request, page, [](const messaging::MessageRow& row) {
    return messaging::render_message(row);
  });
}

Result<bool> wants_typing(const http::Request& request) {
  if (request.body.empty()) return false;
  return read_body(request, [](json::ObjectReader& in) {
    return in.boolean("typing_indicator").value_or(false);
  });
}

Task<http::Response> mark_read(Call& call) {
  CO_TRY(const auto id, MessageId::parse(call.request.params.at(0)));
  CO_TRY(const bool typing, wants_typing(call.request));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const bool replayed,
         co_await call.services.read_receipts.mark_read(call.caller, id, typing, key));
  json::Writer out;
  out.begin_object()
      .key("id")
      .string(id.str())
      .key("object")
      .string("message")
      .key("read")
      .boolean(true)
      .end_object();
  http::Response response;
  response.body = std::move(out).take();
  mark_replay(response, replayed);
  co_return response;
}

}  // namespace

void add_message_routes(Routes& routes) {
  using enum identity::Scope;
  using http::Method;
  routes.add(Method::kPost, "/v1/messages", kMessagesSend, send_message);
  routes.add(Method::kPost, "/v1/messages/validate", kMessagesSend, validate_message);
  routes.add(Method::kGet, "/v1/messages", kMessagesRead, list_messages);
  routes.add(Method::kGet, "/v1/messages/{}", kMessagesRead, get_message);
  routes.add(Method::kPost, "/v1/messages/{}/read", kMessagesSend, mark_read);
}

}  // namespace flowsell::api
