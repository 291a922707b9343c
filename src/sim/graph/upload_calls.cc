// Resumable uploads: /{app}/uploads and /upload:... (reference/whatsapp.md, 5).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "graph/media_kinds.h"
#include "graph/routes.h"
#include "graph/tokens.h"

namespace flowsell::sim {
namespace {

constexpr auto kTypes = std::to_array<std::string_view>(
    {"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"});

std::string file_of(const Node& upload) { return "upload_" + upload.id.substr(7); }

Checked<Reply> begin(Graph& graph, const Call& call, Node& app) {
  TRY(const auto type, call.params.required("file_type"));
  const auto length = call.params.integer("file_length").value_or(0);
  if (length <= 0) return refuse_absent("file_length");
  if (static_cast<std::size_t>(length) > kMediaBytesMax)
    return refuse_parameter("Param file_length is too large");
  if (std::ranges::find(kTypes, type) == kTypes.end()) {
    return refuse_parameter(fmt::format("Param file_type must be one of {{{}}} - got \"{}\".",
                                        fmt::join(kTypes, ", "), type));
  }
  auto id = "upload:" + crypto::random_base62(60);
  const auto shown = id + "?sig=AR" + crypto::random_base62(20);
  json::Object fields = {
      {"id", shown}, {"_app", app.id}, {"_type", type}, {"_length", length}, {"file_offset", 0}};
  const auto& made = graph.registry.add(NodeKind::kUpload, std::move(id), std::move(fields));
  if (!graph.media.make(file_of(made))) return std::unexpected(GraphError{2, ""});
  return reply_with({{"id", shown}});
}

std::string handle_of(Graph& graph, const Node& upload) {
  const auto type = base64_encode(as_bytes(upload.text("_type")));
  const auto part = [] { return "AR" + crypto::random_base62(40); };
  return fmt::format("4::{}:{}:e:{}:{}:{}:{}", type, part(), graph.now_seconds() + 30LL * 24 * 3600,
                     upload.text("_app"), kSystemUserId, part());
}

Checked<Reply> append(Graph& graph, const Call& call, Node& upload) {
  const auto header = call.request->header("file_offset");
  std::int64_t offset = 0;
  std::from_chars(header.data(), header.data() + header.size(), offset);
  if (offset != upload.number("file_offset")) {
    return refuse_parameter(
        fmt::format("The file_offset must be {}", upload.number("file_offset")));
  }
  const auto& file = call.params.file();
  if (!file) return refuse_parameter("The request body could not be read");
  const auto after = offset + static_cast<std::int64_t>(file->spool->size());
  if (after > upload.number("_length"))
    return refuse_parameter("There are more bytes than file_length says");
  if (!graph.media.append(file_of(upload), *file->spool)) return std::unexpected(GraphError{2, ""});
  upload.fields["file_offset"] = after;
  graph.registry.touch(upload);
  if (after < upload.number("_length"))
    return reply_with({{"id", upload.text("id")}, {"file_offset", after}});
  const auto head = graph.media.head(file_of(upload));
  if (!head || !looks_like(*head, upload.text("_type")))
    return refuse_parameter("The file's content is not of its file_type");
  upload.fields["h"] = handle_of(graph, upload);
  return reply_with({{"h", upload.text("h")}});
}

Checked<Reply> show(Graph&, const Call&, Node& upload) {
  return reply_with({{"id", upload.text("id")}, {"file_offset", upload.number("file_offset")}});
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kApp, http::Method::kPost, "uploads", begin},
    {NodeKind::kUpload, http::Method::kPost, "", append},
    {NodeKind::kUpload, http::Method::kGet, "", show},
});

}  // namespace

std::span<const NodeRoute> upload_routes() { return kRoutes; }

}  // namespace flowsell::sim
