// The server's request reader over foreign bytes. Property: how the bytes were cut into reads
// changes nothing. Whatever requests come out of one cut come out of every other, in the same
// order.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_reader.h"

namespace {

using flowsell::http::ReadLimits;
using flowsell::http::Request;
using flowsell::http::RequestReader;

/// Bodies of what begins with "/s" come as streams.
const ReadLimits kLimits{
    2048, 4096,
    [](flowsell::http::Method, std::string_view target) { return target.starts_with("/s"); }, 4096};

std::string describe(const Request& request, const RequestReader& reader, std::string_view body) {
  std::string text(flowsell::http::method_name(request.method));
  text.append("|").append(request.target).append("|").append(request.path);
  text.append("|").append(request.query).append("|").append(reader.keep_alive() ? "k" : "c");
  for (const auto& field : request.fields) {
    text.append("\n").append(field.name).append(":").append(field.value);
  }
  return text.append("\n\n").append(body);
}

/// Bytes in pieces of 1 to `piece_max`, their sizes drawn from a seed.
class Pieces {
 public:
  Pieces(std::string_view bytes, std::size_t piece_max, std::uint32_t seed)
      : bytes_(bytes), piece_max_(piece_max), seed_(seed) {}
  bool is_empty() const { return bytes_.empty(); }
  std::size_t fill(std::span<char> room) {
    seed_ = seed_ * 1664525U + 1013904223U;
    const std::size_t piece =
        std::min({1 + (seed_ >> 16U) % piece_max_, bytes_.size(), room.size()});
    std::memcpy(room.data(), bytes_.data(), piece);
    bytes_.remove_prefix(piece);
    return piece;
  }

 private:
  std::string_view bytes_;
  std::size_t piece_max_;
  std::uint32_t seed_;
};

/// The body that comes behind its head; false: it does not come whole.
bool read_stream(RequestReader& reader, Pieces& pieces, std::string& body) {
  while (true) {
    switch (reader.next_piece()) {
      case RequestReader::Piece::kPiece:
        body.append(reader.piece());
        break;
      case RequestReader::Piece::kEnd:
        return true;
      case RequestReader::Piece::kFailed:
        return false;
      case RequestReader::Piece::kNeedMore: {
        if (pieces.is_empty()) return false;
        const auto room = reader.body_space();
        if (room.empty()) std::abort();
        reader.body_received(pieces.fill(room));
      }
    }
  }
}

std::vector<std::string> read(std::string_view bytes, std::size_t piece_max, std::uint32_t seed) {
  RequestReader reader(kLimits);
  Pieces pieces(bytes, piece_max, seed);
  std::vector<std::string> requests;
  while (true) {
    const RequestReader::Step step = reader.next();
    if (step == RequestReader::Step::kFailed) return requests;
    if (step == RequestReader::Step::kRequest) {
      std::string body(reader.request().body);
      if (reader.is_streamed() && !read_stream(reader, pieces, body)) return requests;
      requests.push_back(describe(reader.request(), reader, body));
      reader.consume();
      continue;
    }
    if (pieces.is_empty()) return requests;
    reader.received(pieces.fill(reader.space()));
  }
}

void check_sizes(const std::vector<std::string>& requests) {
  for (const std::string& request : requests) {
    if (request.size() > 2 * (kLimits.head_bytes_max + kLimits.body_bytes_max)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto seed = static_cast<std::uint32_t>(size * 2654435761U);
  const auto whole = read(bytes, 1 << 20, seed);
  check_sizes(whole);
  if (read(bytes, 1, seed) != whole) std::abort();
  if (read(bytes, 7, seed) != whole) std::abort();
  if (read(bytes, 100, seed + 1) != whole) std::abort();
  return 0;
}
