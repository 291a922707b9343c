#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"
#include "crypto/hash.h"
#include "http/body.h"

namespace flowsell::media {

/// A file on its way through: counted, hashed, and cut where it is too large.
class FileStream final : public http::BodySource {
 public:
  explicit FileStream(http::BodySource& from) : from_(from) {}

  /// The file's first bytes: as many as say what it is, or all. Before next().
  Task<std::string_view> look(std::size_t bytes);
  /// From now on a larger file fails with kPayloadTooLarge, whose detail is `detail`.
  void limit(std::uint64_t bytes_max, std::string detail) {
    bytes_max_ = bytes_max;
    detail_ = std::move(detail);
  }
  /// What comes later fails with kRequestTimeout.
  void end_by(SteadyTime until) noexcept { until_ = until; }
  /// At its end it fails with kInvalidRequest where it is not of that size, or not those bytes.
  void expect(std::optional<std::uint64_t> size, const std::optional<crypto::Digest>& digest) {
    expected_size_ = size;
    expected_digest_ = digest;
  }
  Task<std::string_view> next() override;

  /// After the end.
  std::uint64_t size() const noexcept { return size_; }
  const crypto::Digest& digest() const noexcept { return digest_; }
  bool has_ended() const noexcept { return has_ended_; }

 private:
  Result<std::string_view> take(std::string_view piece);
  Result<> check_end() const;

  http::BodySource& from_;
  std::string head_;   ///< what was looked at and not given yet
  std::string given_;  ///< the same, while it is the piece
  std::uint64_t size_ = 0;
  std::uint64_t bytes_max_ = UINT64_MAX;
  std::string detail_;
  SteadyTime until_ = SteadyTime::max();
  std::optional<std::uint64_t> expected_size_;
  std::optional<crypto::Digest> expected_digest_;
  crypto::Sha256Stream sum_;
  crypto::Digest digest_{};
  bool source_has_ended_ = false;
  bool has_ended_ = false;
};

/// A body whose last piece is given only when its source has ended well behind it: a reader that
/// counts bytes, and asks for no end, does not have the whole of what turns out to be wrong.
class EndedWell final : public http::BodySource {
 public:
  explicit EndedWell(http::BodySource& from) : from_(from) {}
  Task<std::string_view> next() override;

 private:
  http::BodySource& from_;
  std::string given_;
  std::string following_;
  bool has_begun_ = false;
};

/// A body between two texts.
class Framed final : public http::BodySource {
 public:
  Framed(std::string before, http::BodySource& body, std::string after)
      : before_(std::move(before)), body_(body), after_(std::move(after)) {}
  Task<std::string_view> next() override;

 private:
  enum class Place : std::uint8_t { kBefore, kBody, kEnd };
  std::string before_;
  http::BodySource& body_;
  std::string after_;
  Place place_ = Place::kBefore;
};

}  // namespace flowsell::media
