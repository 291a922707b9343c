#include "graph/media_kinds.h"

#include <algorithm>
#include <array>
#include <string>

namespace flowsell::sim {
namespace {

constexpr std::size_t kMb = 1 << 20;
constexpr auto kKinds = std::to_array<MediaKind>({
    {"audio/aac", "audio", 16 * kMb},
    {"audio/mp4", "audio", 16 * kMb},
    {"audio/mpeg", "audio", 16 * kMb},
    {"audio/amr", "audio", 16 * kMb},
    {"audio/ogg", "audio", 16 * kMb},
    {"audio/opus", "audio", 16 * kMb},
    {"application/vnd.ms-powerpoint", "document", kMediaBytesMax},
    {"application/msword", "document", kMediaBytesMax},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "document",
     kMediaBytesMax},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "document",
     kMediaBytesMax},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "document",
     kMediaBytesMax},
    {"application/pdf", "document", kMediaBytesMax},
    {"text/plain", "document", kMediaBytesMax},
    {"application/vnd.ms-excel", "document", kMediaBytesMax},
    {"image/jpeg", "image", 5 * kMb},
    {"image/png", "image", 5 * kMb},
    {"image/webp", "sticker", 500 * 1024},
    {"video/mp4", "video", 16 * kMb},
    {"video/3gpp", "video", 16 * kMb},
});

struct Mark {
  std::string_view mime_type;
  std::size_t at;
  std::string_view bytes;
};
using namespace std::string_view_literals;
/// Any one of a type's marks will do.
constexpr auto kMarks = std::to_array<Mark>({
    {"image/jpeg", 0, "\xFF\xD8\xFF"sv},
    {"image/png", 0, "\x89PNG\r\n\x1A\n"sv},
    {"image/webp", 8, "WEBP"sv},
    {"video/mp4", 4, "ftyp"sv},
    {"video/3gpp", 4, "ftyp"sv},
    {"audio/mp4", 4, "ftyp"sv},
    {"audio/ogg", 0, "OggS"sv},
    {"audio/opus", 0, "OggS"sv},
    {"audio/amr", 0, "#!AMR"sv},
    {"audio/mpeg", 0, "ID3"sv},
    {"audio/mpeg", 0, "\xFF\xFB"sv},
    {"audio/mpeg", 0, "\xFF\xF3"sv},
    {"audio/mpeg", 0, "\xFF\xF2"sv},
    {"audio/aac", 0, "\xFF\xF1"sv},
    {"audio/aac", 0, "\xFF\xF9"sv},
    {"application/pdf", 0, "%PDF"sv},
    {"application/msword", 0, "\xD0\xCF\x11\xE0"sv},
    {"application/vnd.ms-excel", 0, "\xD0\xCF\x11\xE0"sv},
    {"application/vnd.ms-powerpoint", 0, "\xD0\xCF\x11\xE0"sv},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", 0, "PK\x03\x04"sv},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", 0,
     "PK\x03\x04"sv},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 0, "PK\x03\x04"sv},
});

std::string_view bare(std::string_view mime_type) {
  mime_type = mime_type.substr(0, mime_type.find(';'));
  while (mime_type.ends_with(' ')) mime_type.remove_suffix(1);
  return mime_type;
}

}  // namespace

const MediaKind* find_media_kind(std::string_view mime_type) noexcept {
  const auto* found = std::ranges::find(kKinds, bare(mime_type), &MediaKind::mime_type);
  return found == kKinds.end() ? nullptr : found;
}

std::string_view all_media_types() noexcept {
  static const std::string kAll = [] {
    std::string all;
    for (const auto& kind : kKinds) all.append(all.empty() ? "" : ", ").append(kind.mime_type);
    return all;
  }();
  return kAll;
}

bool looks_like(std::string_view bytes, std::string_view mime_type) noexcept {
  bool has_mark = false;
  for (const auto& mark : kMarks) {
    if (mark.mime_type != bare(mime_type)) continue;
    has_mark = true;
    if (bytes.size() >= mark.at && bytes.substr(mark.at).starts_with(mark.bytes)) return true;
  }
  return !has_mark;
}

}  // namespace flowsell::sim
