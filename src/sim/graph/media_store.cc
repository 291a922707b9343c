#include "graph/media_store.h"

#include <fmt/format.h>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "graph/path.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

constexpr std::int64_t kUrlSeconds = 300;
constexpr std::int64_t kOursSeconds = 30LL * 24 * 3600;
constexpr std::int64_t kCustomersSeconds = 7LL * 24 * 3600;

std::string hash_of(Graph& graph, std::string_view id, std::string_view until) {
  const auto digest =
      crypto::hmac_sha256(graph.world.options.app_secret.reveal(), {"media|", id, "|", until});
  return "ARB" + hex_encode(digest).substr(0, 40);
}

http::Response refused(int status, std::string_view text) {
  return {.status = status, .content_type = "text/plain", .body = std::string(text)};
}

}  // namespace

Checked<Node*> keep_media(Graph& graph, const Node& phone, std::string_view mime_type, Spool& spool,
                          bool from_customer) {
  auto id = graph.registry.new_id();
  if (!graph.media.keep(spool, id)) return std::unexpected(GraphError{131000, ""});
  json::Object fields = {{"id", id},
                         {"mime_type", mime_type},
                         {"file_size", static_cast<std::int64_t>(spool.size())},
                         {"_account", phone.text("_account")},
                         {"_phone", phone.id}};
  const auto& digest = spool.digest();
  fields["sha256"] = hex_encode(digest);
  fields["_sha256_base64"] = base64_encode(digest);
  fields["_until"] = graph.now_seconds() + (from_customer ? kCustomersSeconds : kOursSeconds);
  return &graph.registry.add(NodeKind::kMedia, std::move(id), std::move(fields));
}

Node* find_media(Graph& graph, std::string_view id) {
  auto* media = graph.registry.find(NodeKind::kMedia, id);
  if (!media || media->number("_until") > graph.now_seconds()) return media;
  graph.media.remove(media->id);
  graph.registry.remove(NodeKind::kMedia, media->id);
  return nullptr;
}

std::string media_url(Graph& graph, std::string_view origin, std::string_view id) {
  const auto until = fmt::format("{}", graph.now_seconds() + kUrlSeconds);
  return fmt::format("{}{}?mid={}&ext={}&hash={}", origin, kDownloadPath, id, until,
                     hash_of(graph, id, until));
}

http::Response download(Graph& graph, const http::Request& request) {
  const auto token = token_of_header(request.header("authorization"));
  if (token.empty() || !graph.world.tokens.find(token, graph.now()))
    return refused(401, "Authentication Error");
  const auto id = query_value(request.query, "mid");
  const auto until = query_value(request.query, "ext");
  const auto seconds = parse_number<std::int64_t>(until).value_or(0);
  const bool sound =
      crypto::constant_time_equal(query_value(request.query, "hash"), hash_of(graph, id, until));
  const auto* media = find_media(graph, id);
  if (!sound || seconds <= graph.now_seconds() || !media) return refused(404, "Not Found");
  auto bytes = graph.media.read(media->id);
  if (!bytes) return refused(404, "Not Found");
  return {.status = 200,
          .content_type = std::string(media->text("mime_type")),
          .stream = *std::move(bytes),
          .stream_length = static_cast<std::uint64_t>(media->number("file_size"))};
}

}  // namespace flowsell::sim
