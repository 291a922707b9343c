#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/body.h"

namespace flowsell::media {

/// A body whose last bytes are kept, so that it can be given again from a point among them.
class Rewindable final : public http::BodySource {
 public:
  static constexpr std::size_t kKept = 256 * 1024;

  explicit Rewindable(http::BodySource& from) : from_(from) {}
  Task<std::string_view> next() override;
  /// The next piece begins at that byte of the body. False: it is kept no more, or never was.
  bool rewind(std::uint64_t to);

 private:
  http::BodySource& from_;
  std::string kept_;
  std::uint64_t kept_from_ = 0;  ///< where in the body kept_ begins
  std::uint64_t at_ = 0;
};

}  // namespace flowsell::media
