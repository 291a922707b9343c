// The reader of multipart forms over foreign bytes. Property: how the bytes were cut changes
// neither the parts nor what each holds.
#include "http/multipart.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using flowsell::http::MultipartReader;
using Step = MultipartReader::Step;

std::string read(std::string_view bytes, std::size_t piece_max) {
  MultipartReader reader("XX");
  std::string out;
  while (true) {
    switch (reader.next()) {
      case Step::kNeedMore:
        if (bytes.empty()) return out;
        reader.put(bytes.substr(0, piece_max));
        bytes.remove_prefix(std::min(piece_max, bytes.size()));
        break;
      case Step::kPart:
        out.append("\n[").append(reader.part().name).append("|");
        out.append(reader.part().filename.value_or("-")).append("|");
        out.append(reader.part().content_type).append("]");
        break;
      case Step::kData:
        if (reader.data().empty()) std::abort();
        out.append(reader.data());
        break;
      case Step::kPartEnd:
        out.append("\n.");
        break;
      case Step::kEnd:
        return out.append("\nend");
      case Step::kFailed:
        return out.append("\nfailed");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string all = read(bytes, std::max<std::size_t>(size, 1));
  for (const std::size_t piece_max : {1U, 2U, 3U, 7U, 64U}) {
    if (read(bytes, piece_max) != all) std::abort();
  }
  if (all.size() > 3 * size + 4096) std::abort();
  (void)flowsell::http::multipart_boundary(bytes);
  return 0;
}
