#include "control/inbound_media.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "graph/media_store.h"
#include "graph/path.h"
#include "json/writer.h"

namespace flowsell::sim {
namespace {

constexpr auto kTypes =
    std::to_array<std::string_view>({"image", "video", "audio", "document", "sticker"});

json::Object payload_of(Graph& graph, const Node& media, const http::Request& request,
                        std::string_view type) {
  json::Object payload = {
      {"id", media.id},
      {"mime_type", media.text("mime_type")},
      {"sha256", media.text("_sha256_base64")},
      {"url", media_url(graph, fmt::format("http://{}", request.header("host")), media.id)}};
  for (const std::string_view name : {"caption", "filename"}) {
    const auto value = query_value(request.query, name);
    if (!value.empty()) payload[name] = value;
  }
  if (type == "audio") payload["voice"] = query_value(request.query, "voice") == "true";
  if (type == "sticker") payload["animated"] = false;
  return payload;
}

}  // namespace

Task<std::string> inbound_media(World* world, Management* management,
                                const http::Request* request) {
  const auto type = query_value(request->query, "type");
  if (std::ranges::find(kTypes, type) == kTypes.end()) {
    co_return fail_field("type", "invalid_value", "is no type of media",
                         "Use image, video, audio, document or sticker.");
  }
  auto phone_id = query_value(request->query, "phone_number_id");
  if (phone_id.empty()) phone_id = world->options.numbers[0].phone_number_id;
  json::Object message = {
      {"from", query_value(request->query, "from")}, {"type", type}, {"phone_number_id", phone_id}};
  std::unique_ptr<Spool> spool;
  auto kept = management->change([&](Graph& graph) -> Result<> {
    const auto* phone = graph.registry.find(NodeKind::kPhone, phone_id);
    if (!phone) {
      return fail_field("phone_number_id", "unknown", "is no number of this simulator",
                        "Use one that it has.");
    }
    TRY(spool, graph.media.begin());
    CHECK_OK(spool->write(request->body));
    CHECK_OK(spool->finish());
    const auto media = keep_media(graph, *phone, request->header("content-type"), *spool, true);
    if (!media) return fail(ErrorCode::kInternal, "the media can't be kept");
    message[type] = payload_of(graph, **media, *request, type);
    return {};
  });
  CO_CHECK_OK(co_await std::move(kept));
  co_return std::move(json::Writer().value(json::Value(message))).take();
}

}  // namespace flowsell::sim
