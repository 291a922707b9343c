#include "graph/media_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

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

/// The bytes that are asked for, of so many: a header of one range (RFC 9110, 14.1.2). nullopt: it
/// is none, or more than one, and all are given.
struct Part {
  std::uint64_t from = 0;
  std::uint64_t count = 0;  ///< 0: it has no such bytes
};
std::optional<Part> part_of(std::string_view range, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!range.starts_with(kUnit)) return std::nullopt;
  range.remove_prefix(kUnit.size());
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto last = parse_number<std::uint64_t>(range.substr(dash + 1));
  if (dash == 0) {
    if (!last) return std::nullopt;
    const auto count = std::min(*last, size);
    return Part{size - count, count};
  }
  const auto first = parse_number<std::uint64_t>(range.substr(0, dash));
  const bool is_open = dash + 1 == range.size();
  if (!first || (!is_open && (!last || *last < *first))) return std::nullopt;
  if (*first >= size) return Part{};
  return Part{*first, (is_open ? size - 1 : std::min(*last, size - 1)) - *first + 1};
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
  const auto size = static_cast<std::uint64_t>(media->number("file_size"));
  const auto part = part_of(request.header("range"), size);
  if (part && part->count == 0) {
    auto out = refused(416, "Range Not Satisfiable");
    out.headers.push_back({"Content-Range", fmt::format("bytes */{}", size)});
    return out;
  }
  const Part given = part.value_or(Part{0, size});
  auto bytes = graph.media.read(media->id, given.from, given.count);
  if (!bytes) return refused(404, "Not Found");
  http::Response out{.status = part ? 206 : 200,
                     .content_type = std::string(media->text("mime_type")),
                     .stream = *std::move(bytes),
                     .stream_length = given.count};
  if (part)
    out.headers.push_back({"Content-Range", fmt::format("bytes {}-{}/{}", given.from,
                                                        given.from + given.count - 1, size)});
  return out;
}

}  // namespace flowsell::sim
