#include "rewindable.h"

#include <algorithm>

namespace flowsell::media {

Task<std::string_view> Rewindable::next() {
  const std::uint64_t end = kept_from_ + kept_.size();
  if (at_ < end) {
    const auto from = static_cast<std::size_t>(at_ - kept_from_);
    at_ = end;
    co_return std::string_view(kept_).substr(from);
  }
  CO_TRY(const std::string_view piece, co_await from_.next());
  if (kept_.size() + piece.size() > kKept) {
    const std::size_t dropped = std::min(kept_.size(), kept_.size() + piece.size() - kKept);
    kept_.erase(0, dropped);
    kept_from_ += dropped;
  }
  kept_.append(piece);
  at_ += piece.size();
  co_return std::string_view(kept_).substr(kept_.size() - piece.size());
}

bool Rewindable::rewind(std::uint64_t to) {
  if (to < kept_from_ || to > kept_from_ + kept_.size()) return false;
  at_ = to;
  return true;
}

}  // namespace flowsell::media
