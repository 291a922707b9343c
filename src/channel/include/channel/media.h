#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/sensitive.h"

namespace flowsell::channel {

/// A file to send: exactly one of `link` and `id`.
struct Media {
  Content link;    ///< the provider fetches it from here
  std::string id;  ///< the provider's own id of an uploaded file, or our "med_..." id
};

/// True of ids of our own media: "med_...".
bool is_our_media(std::string_view id) noexcept;

/// One of our media ids in a message, and where it stands.
struct MediaReference {
  std::string pointer;
  std::string id;
};

enum class MediaKind : std::uint8_t { kImage, kVideo, kDocument, kGif };
std::string_view media_kind_name(MediaKind kind) noexcept;

/// A file at the head of a message, a card or a template.
struct HeaderMedia {
  MediaKind kind = MediaKind::kImage;
  Media file;
  Content filename;  ///< of a document
};

struct Location {
  double latitude = 0;
  double longitude = 0;
  Content name;
  Content address;
};

}  // namespace flowsell::channel
