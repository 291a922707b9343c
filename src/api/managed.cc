#include "managed.h"

#include "api/replay.h"
#include "json/writer.h"
#include "render.h"

namespace flowsell::api {
namespace {

void write_state(json::Writer& out, const numbers::KnownState& known) {
  const auto& state = known.state;
  write_text(out, "status", known.is_gone ? "gone" : state.status);
  write_text(out, "quality", state.quality);
  out.key("display_name").begin_object();
  write_text(out, "status", state.name_status);
  write_text(out, "requested", state.requested_name);
  write_text(out, "requested_status",
             state.requested_name_status == "none" ? "" : state.requested_name_status);
  out.end_object();
  write_text(out, "verification", state.verification);
  out.key("throughput").begin_object();
  write_text(out, "level", state.throughput);
  write_number(out, "messages_per_second", channel::messages_per_second(state));
  out.end_object();
  out.key("messaging_limit").begin_object();
  write_text(out, "tier", state.messaging_limit);
  write_number(out, "people_per_day", channel::messaging_limit_of(state.messaging_limit).people);
  out.end_object();
  write_text(out, "platform", state.platform);
  write_text(out, "account_mode", state.account_mode);
  write_flag(out, "is_official", state.is_official);
  write_flag(out, "has_pin", state.has_pin);
  write_flag(out, "is_on_business_app", state.is_on_app);
  write_time(out, "synced_at", known.synced_at);
}

}  // namespace

Task<> check_policies(const Call& call) {
  if (call.caller.key.is_none() && call.caller.mode == identity::Mode::kLive)
    CO_CHECK_OK(co_await call.services.policies.require(call.caller.workspace));
  co_return Result<>{};
}

Task<connections::SenderPtr> named_sender(const Call& call, Use use) {
  CO_TRY(const auto id, SenderId::parse(call.request.params.at(0)));
  auto sender = call.services.senders.find(id);
  if (!sender || sender->is_removed || sender->workspace != call.caller.workspace ||
      sender->mode != call.caller.mode)
    co_return fail(ErrorCode::kNotFound, "there is no such sender");
  if (!call.caller.may_send_from(id))
    co_return fail(ErrorCode::kSenderNotAllowed, "the key may not use this sender");
  if (use == Use::kChange) CO_CHECK_OK(co_await check_policies(call));
  co_return sender;
}

Task<connections::ConnectionPtr> named_connection(const Call& call, Use use) {
  CO_TRY(const auto id, ConnectionId::parse(call.request.params.at(0)));
  auto connection = call.services.senders.connections().find(id);
  if (!connection || connection->workspace != call.caller.workspace ||
      connection->mode != call.caller.mode)
    co_return fail(ErrorCode::kNotFound, "there is no such connection");
  if (use == Use::kChange) CO_CHECK_OK(co_await check_policies(call));
  co_return connection;
}

http::Response answer(std::string body, bool is_replay) {
  http::Response response;
  response.body = std::move(body);
  mark_replay(response, is_replay);
  return response;
}

std::string render_sender(const Services& services, const connections::Sender& sender) {
  const auto known = services.sender_states.find(sender.id);
  json::Writer out;
  out.begin_object().key("id").string(sender.id.str()).key("object").string("sender");
  out.key("channel").string(sender.adapter->name());
  out.key("connection_id").string(sender.connection.str());
  out.key("mode").string(identity::mode_name(sender.mode));
  out.key("phone_number").string(sender.display_number);
  out.key("phone_number_id").string(sender.address);
  out.key("name").string(known.state.name.empty() ? sender.name : known.state.name);
  write_state(out, known);
  out.key("created_at").string(format_time(sender.created_at)).end_object();
  return std::move(out).take();
}

}  // namespace flowsell::api
