// /{phone}/media and /{media} (reference/whatsapp.md, 5).
#include <fmt/format.h>

#include <array>

#include "graph/media_kinds.h"
#include "graph/media_store.h"
#include "graph/routes.h"

namespace flowsell::sim {
namespace {

std::string_view bare(std::string_view mime_type) {
  return mime_type.substr(0, mime_type.find(';'));
}

Checked<Reply> upload(Graph& graph, const Call& call, Node& phone) {
  if (!call.caller->allows(Scope::kMessaging, phone.text("_account"))) return refuse(10, "");
  CHECK_OK(must_be_whatsapp(call));
  const auto& file = call.params.file();
  if (!file) return refuse_absent("file");
  auto type = call.params.text("type");
  if (type.find('/') == std::string::npos) type = file->type;
  const auto* kind = find_media_kind(type);
  if (!kind) {
    return refuse_parameter(
        fmt::format("Param file must be a file with one of the following types: {}. Received file "
                    "of type '{}'.",
                    all_media_types(), type.empty() ? "application/octet-stream" : bare(type)));
  }
  auto& spool = *file->spool;
  if (spool.size() == 0) return refuse_parameter("Param file must not be empty.");
  if (spool.size() > kind->bytes_max) {
    return refuse(131053, fmt::format("File size of {} bytes exceeds the limit of {} bytes for {}",
                                      spool.size(), kind->bytes_max, kind->name));
  }
  if (!looks_like(spool.head(), type)) {
    return refuse(131053, fmt::format("The file's content is not of the type {}", bare(type)));
  }
  TRY(const auto* media, keep_media(graph, phone, type, spool, false));
  return reply_with({{"id", media->id}});
}

/// Where the call names a number, the media must be that number's.
Checked<Node*> media_of(Graph& graph, const Call& call, const Node& media) {
  auto* found = find_media(graph, media.id);
  const auto phone = call.params.text("phone_number_id");
  if (found && (phone.empty() || found->text("_phone") == phone)) return found;
  return refuse_object(call.method_name(), call.object);
}

Checked<Reply> look_up(Graph& graph, const Call& call, Node& node) {
  TRY(const auto* media, media_of(graph, call, node));
  json::Object body = {{"messaging_product", "whatsapp"},
                       {"url", media_url(graph, call.origin(), media->id)},
                       {"mime_type", media->text("mime_type")},
                       {"sha256", media->text("sha256")},
                       {"file_size", fmt::format("{}", media->number("file_size"))},
                       {"id", media->id}};
  return reply_with(body);
}

Checked<Reply> remove(Graph& graph, const Call& call, Node& node) {
  TRY(const auto* media, media_of(graph, call, node));
  graph.media.remove(media->id);
  const auto id = media->id;
  graph.registry.remove(NodeKind::kMedia, id);
  return success();
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kPhone, http::Method::kPost, "media", upload},
    {NodeKind::kMedia, http::Method::kGet, "", look_up},
    {NodeKind::kMedia, http::Method::kDelete, "", remove},
});

}  // namespace

std::span<const NodeRoute> media_routes() { return kRoutes; }

}  // namespace flowsell::sim
