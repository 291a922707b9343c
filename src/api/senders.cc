#include "connections/senders.h"

#include "call.h"
#include "json/writer.h"
#include "paging.h"

namespace flowsell::api {
namespace {

std::string render(const connections::Sender& sender) {
  json::Writer out;
  out.begin_object().key("id").string(sender.id.str()).key("object").string("sender");
  out.key("channel")
      .string(sender.adapter->name())
      .key("connection_id")
      .string(sender.connection.str());
  out.key("mode").string(identity::mode_name(sender.mode));
  out.key("phone_number")
      .string(sender.display_number)
      .key("phone_number_id")
      .string(sender.address);
  out.key("name")
      .string(sender.name)
      .key("created_at")
      .string(format_time(sender.created_at))
      .end_object();
  return std::move(out).take();
}

Task<http::Response> list_senders(Call& call) {
  CO_TRY(const auto asked, ListRequest<SenderId>::parse(call.request.query));
  const auto page =
      page_of(call.services.senders.list(call.caller.workspace, call.caller.mode), asked);
  co_return list_response(call.request, page,
                          [](const connections::SenderPtr& sender) { return render(*sender); });
}

}  // namespace

void add_sender_routes(Routes& routes) {
  routes.add(http::Method::kGet, "/v1/senders", identity::Scope::kMessagesRead, list_senders);
}

}  // namespace flowsell::api
