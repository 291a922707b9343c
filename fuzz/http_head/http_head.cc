// The server's request reader over foreign bytes. Property: how the bytes were cut into reads
// changes nothing. Whatever requests come out of one cut come out of every other, in the same
// order.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_reader.h"

namespace {

using flowsell::http::ReadLimits;
using flowsell::http::Request;
using flowsell::http::RequestReader;

constexpr ReadLimits kLimits{2048, 4096};

std::string describe(const Request& request, const RequestReader& reader) {
  std::string text(flowsell::http::method_name(request.method));
  text.append("|").append(request.target).append("|").append(request.path);
  text.append("|").append(request.query).append("|").append(reader.keep_alive() ? "k" : "c");
  for (const auto& field : request.fields) {
    text.append("\n").append(field.name).append(":").append(field.value);
  }
  return text.append("\n\n").append(request.body);
}

/// Reads `bytes` in pieces of 1 to `piece_max`, their sizes drawn from `seed`.
std::vector<std::string> read(std::string_view bytes, std::size_t piece_max, std::uint32_t seed) {
  RequestReader reader(kLimits);
  std::vector<std::string> requests;
  while (true) {
    const RequestReader::Step step = reader.next();
    if (step == RequestReader::Step::kFailed) return requests;
    if (step == RequestReader::Step::kRequest) {
      requests.push_back(describe(reader.request(), reader));
      reader.consume();
      continue;
    }
    if (bytes.empty()) return requests;
    seed = seed * 1664525U + 1013904223U;
    const auto room = reader.space();
    const std::size_t piece = std::min({1 + (seed >> 16U) % piece_max, bytes.size(), room.size()});
    std::memcpy(room.data(), bytes.data(), piece);
    reader.received(piece);
    bytes.remove_prefix(piece);
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
