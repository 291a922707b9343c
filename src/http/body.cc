#include "http/body.h"

namespace flowsell::http {

Task<std::string> read_all(BodySource& source, std::size_t bytes_max) {
  std::string all;
  while (true) {
    CO_TRY(const std::string_view piece, co_await source.next());
    if (piece.empty()) co_return all;
    if (piece.size() > bytes_max - all.size()) {
      co_return fail(ErrorCode::kPayloadTooLarge,
                     "the body may have " + std::to_string(bytes_max) + " bytes");
    }
    all.append(piece);
  }
}

Task<> skip_rest(BodySource& source) {
  while (true) {
    CO_TRY(const std::string_view piece, co_await source.next());
    if (piece.empty()) co_return Result<>{};
  }
}

}  // namespace flowsell::http
