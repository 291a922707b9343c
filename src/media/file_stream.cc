#include "file_stream.h"

#include <chrono>
#include <utility>

namespace flowsell::media {
namespace {

Error another_size() {
  return fail_field("/size", "mismatch", "the file has another size",
                    "Send the file's size in bytes, or leave it out.")
      .error();
}

}  // namespace

Task<std::string_view> FileStream::look(std::size_t bytes) {
  while (head_.size() < bytes && !source_has_ended_) {
    CO_TRY(const std::string_view piece, co_await from_.next());
    source_has_ended_ = piece.empty();
    head_.append(piece);
  }
  co_return std::string_view(head_);
}

Task<std::string_view> FileStream::next() {
  if (!head_.empty()) {
    given_ = std::exchange(head_, {});
    co_return take(given_);
  }
  if (source_has_ended_) co_return take({});
  CO_TRY(const std::string_view piece, co_await from_.next());
  co_return take(piece);
}

Result<std::string_view> FileStream::take(std::string_view piece) {
  size_ += piece.size();
  if (size_ > bytes_max_) return fail(ErrorCode::kPayloadTooLarge, detail_);
  if (until_ != SteadyTime::max() && std::chrono::steady_clock::now() > until_)
    return fail(ErrorCode::kRequestTimeout, "with an Idempotency-Key a file may take 8 minutes");
  if (expected_size_ && size_ > *expected_size_) return std::unexpected(another_size());
  if (!piece.empty()) {
    sum_.add(piece);
  } else if (!std::exchange(has_ended_, true)) {
    source_has_ended_ = true;
    digest_ = sum_.finish();
    CHECK_OK(check_end());
  }
  return piece;
}

Result<> FileStream::check_end() const {
  if (expected_size_ && *expected_size_ != size_) return std::unexpected(another_size());
  if (expected_digest_ && *expected_digest_ != digest_) {
    return fail_field("/sha256", "mismatch", "the file has other bytes",
                      "Send the SHA-256 of the file's bytes, or leave it out.");
  }
  return {};
}

Task<std::string_view> EndedWell::next() {
  if (!std::exchange(has_begun_, true)) {
    CO_TRY(following_, co_await from_.next());
  }
  std::swap(given_, following_);
  following_.clear();
  if (given_.empty()) co_return std::string_view();
  CO_TRY(following_, co_await from_.next());
  co_return std::string_view(given_);
}

Task<std::string_view> Framed::next() {
  if (place_ == Place::kBefore) {
    place_ = Place::kBody;
    co_return std::string_view(before_);
  }
  if (place_ == Place::kEnd) co_return std::string_view();
  CO_TRY(const std::string_view piece, co_await body_.next());
  if (!piece.empty()) co_return piece;
  place_ = Place::kEnd;
  co_return std::string_view(after_);
}

}  // namespace flowsell::media
