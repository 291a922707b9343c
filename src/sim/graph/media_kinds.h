#pragma once

#include <cstddef>
#include <string_view>

namespace flowsell::sim {

/// A media type that the Cloud API takes (reference/whatsapp.md, 1.3).
struct MediaKind {
  std::string_view mime_type;
  std::string_view name;  ///< "image"
  std::size_t bytes_max;
};
/// nullptr when it takes no such type. Parameters ("; codecs=opus") are left out of account.
const MediaKind* find_media_kind(std::string_view mime_type) noexcept;
/// "audio/aac, audio/mp4, ...", for the error.
std::string_view all_media_types() noexcept;
/// Whether the first bytes look like that type; types without a mark of their own always do.
bool looks_like(std::string_view bytes, std::string_view mime_type) noexcept;

inline constexpr std::size_t kMediaBytesMax = 100ULL << 20;

}  // namespace flowsell::sim
