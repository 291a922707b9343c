#include "messaging/senders.h"

#include <algorithm>

#include "call.h"
#include "json/writer.h"
#include "paging.h"

namespace flowsell::api {
namespace {

std::string render(const messaging::Sender& sender) {
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
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  const std::size_t limit = in.limit();
  const auto after = in.id<SenderId>("after");
  const auto before = in.id<SenderId>("before");
  CO_CHECK_OK(in.finish());
  auto all = call.services.senders.list(call.caller.workspace, call.caller.mode);
  std::ranges::sort(all, std::greater<>{}, [](const auto& s) { return s->id; });
  std::erase_if(all, [&](const auto& s) {
    return (after && s->id >= *after) || (before && s->id <= *before);
  });
  if (before && !after && all.size() > limit)
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(limit));
  const bool has_more = all.size() > limit;
  if (has_more) all.resize(limit);
  std::vector<std::string> items;
  for (const auto& sender : all) items.push_back(render(*sender));
  co_return list_response(call.request, items, has_more, has_more ? all.back()->id.str() : "");
}

}  // namespace

void add_sender_routes(Routes& routes) {
  routes.add(http::Method::kGet, "/v1/senders", identity::Scope::kMessagesRead, list_senders);
}

}  // namespace flowsell::api
