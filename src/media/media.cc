#include "media/media.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/encoding.h"

namespace flowsell::media {
namespace {

using channel::MediaPurpose;

constexpr std::array kPurposes = {
    std::pair(MediaPurpose::kMessage, std::string_view("message")),
    std::pair(MediaPurpose::kTemplateHeader, std::string_view("template_header")),
    std::pair(MediaPurpose::kProfilePicture, std::string_view("profile_picture")),
};

constexpr std::size_t kTypeMax = 128;
constexpr std::size_t kFilenameMax = 240;

}  // namespace

bool is_printable(std::string_view text) noexcept {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_mime_type(std::string_view text) noexcept {
  return text.size() <= kTypeMax && text.contains('/') && is_printable(text) && !text.contains('"');
}

bool is_filename(std::string_view text) {
  return text.size() <= kFilenameMax && is_valid_utf8(text) && is_printable(text);
}

std::string_view direction_name(Direction direction) noexcept {
  return direction == Direction::kUploaded ? "uploaded" : "received";
}

std::string_view purpose_name(MediaPurpose purpose) noexcept {
  for (const auto& [value, name] : kPurposes)
    if (value == purpose) return name;
  return "message";
}

std::optional<MediaPurpose> parse_purpose(std::string_view name) noexcept {
  for (const auto& [value, its_name] : kPurposes)
    if (its_name == name) return value;
  return std::nullopt;
}

std::string_view status_name(Status status) noexcept {
  switch (status) {
    case Status::kExpired:
      return "expired";
    case Status::kDeleted:
      return "deleted";
    case Status::kAvailable:
      break;
  }
  return "available";
}

Status Media::status(Time now) const noexcept {
  if (deleted_at) return Status::kDeleted;
  return expires_at && *expires_at <= now ? Status::kExpired : Status::kAvailable;
}

Media received(const WorkspaceId& workspace, const SenderId& sender, identity::Mode mode,
               const channel::InboundMedia& file, Time at) {
  Media media;
  const std::string text = sender.str() + "\n" + file.provider_id;
  const auto digest = crypto::sha256(text);
  media.id = MediaId(derived_id_bytes(at, std::span(digest).first<10>()));
  media.workspace = workspace;
  media.sender = sender;
  media.mode = mode;
  media.direction = Direction::kReceived;
  media.provider_id = file.provider_id;
  media.mime_type = file.mime_type;
  if (crypto::Digest sum; file.sha256.size() == sum.size()) {
    std::ranges::copy(as_bytes(file.sha256), sum.begin());
    media.sha256 = sum;
  }
  media.expires_at = at + kReceivedLife;
  return media;
}

}  // namespace flowsell::media
