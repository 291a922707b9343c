#include "media_rules.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/encoding.h"

namespace flowsell::whatsapp {
namespace {

using channel::MediaPurpose;
using channel::MediaRule;

constexpr std::size_t kKb = 1024;
constexpr std::size_t kMb = 1024 * kKb;
constexpr std::size_t kAudioMax = 16 * kMb;
constexpr std::size_t kVideoMax = 16 * kMb;
constexpr std::size_t kImageMax = 5 * kMb;
constexpr std::size_t kDocumentMax = 100 * kMb;
constexpr std::size_t kStickerMax = 500 * kKb;
constexpr std::size_t kStillStickerMax = 100 * kKb;

using Names = std::string_view;
constexpr std::array kAac = {Names("audio/x-hx-aac-adts"), Names("audio/aac"),
                             Names("audio/x-aac")};
constexpr std::array kAmr = {Names("audio/AMR"), Names("audio/amr")};
// Frames without a tag before them are not always known.
constexpr std::array kMp3 = {Names("audio/mpeg"), Names("application/octet-stream")};
constexpr std::array kMp4Audio = {Names("audio/mp4"), Names("audio/x-m4a"), Names("video/mp4"),
                                  Names("video/3gpp"), Names("video/quicktime")};
constexpr std::array kOgg = {Names("audio/ogg"), Names("application/ogg"), Names("video/ogg")};
constexpr std::array kText = {Names("text/*"), Names("application/json"), Names("application/csv"),
                              Names("application/x-ndjson"), Names("message/*")};
constexpr std::array kPdf = {Names("application/pdf")};
constexpr std::array kOle = {Names("application/msword"), Names("application/vnd.ms-*"),
                             Names("application/CDFV2*"), Names("application/x-ole-storage")};
constexpr std::array kZip = {Names("application/vnd.openxmlformats-officedocument.*"),
                             Names("application/zip"), Names("application/octet-stream")};
constexpr std::array kJpeg = {Names("image/jpeg")};
constexpr std::array kPng = {Names("image/png")};
constexpr std::array kWebp = {Names("image/webp")};
constexpr std::array kMp4 = {Names("video/mp4"), Names("video/x-m4v"), Names("video/quicktime"),
                             Names("video/3gpp")};
constexpr std::array k3gp = {Names("video/3gpp"), Names("video/3gpp2"), Names("video/mp4"),
                             Names("audio/3gpp")};

constexpr std::array kRules = {
    MediaRule{"audio/aac", "audio", kAudioMax, kAac},
    MediaRule{"audio/amr", "audio", kAudioMax, kAmr},
    MediaRule{"audio/mpeg", "audio", kAudioMax, kMp3},
    MediaRule{"audio/mp4", "audio", kAudioMax, kMp4Audio},
    MediaRule{"audio/ogg", "audio", kAudioMax, kOgg},
    MediaRule{"text/plain", "document", kDocumentMax, kText},
    MediaRule{"application/pdf", "document", kDocumentMax, kPdf},
    MediaRule{"application/msword", "document", kDocumentMax, kOle},
    MediaRule{"application/vnd.ms-excel", "document", kDocumentMax, kOle},
    MediaRule{"application/vnd.ms-powerpoint", "document", kDocumentMax, kOle},
    MediaRule{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "document",
              kDocumentMax, kZip},
    MediaRule{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "document",
              kDocumentMax, kZip},
    MediaRule{"application/vnd.openxmlformats-officedocument.presentationml.presentation",
              "document", kDocumentMax, kZip},
    MediaRule{"image/jpeg", "image", kImageMax, kJpeg},
    MediaRule{"image/png", "image", kImageMax, kPng},
    MediaRule{"image/webp", "sticker", kStickerMax, kWebp},
    MediaRule{"video/mp4", "video", kVideoMax, kMp4},
    MediaRule{"video/3gpp", "video", kVideoMax, k3gp},
};

constexpr std::array kSamples = {
    MediaRule{"application/pdf", "document", kDocumentMax, kPdf},
    MediaRule{"image/jpeg", "image", kImageMax, kJpeg},
    MediaRule{"image/png", "image", kImageMax, kPng},
    MediaRule{"video/mp4", "video", kVideoMax, kMp4},
};
constexpr std::array kPictures = {
    MediaRule{"image/jpeg", "image", kImageMax, kJpeg},
    MediaRule{"image/png", "image", kImageMax, kPng},
};

std::span<const MediaRule> rules_for(MediaPurpose purpose) {
  switch (purpose) {
    case MediaPurpose::kTemplateHeader:
      return kSamples;
    case MediaPurpose::kProfilePicture:
      return kPictures;
    case MediaPurpose::kMessage:
      break;
  }
  return kRules;
}

/// RFC 9649: "RIFF", size, "WEBP", then an extended header with its flags.
bool is_animated_webp(std::string_view head) {
  constexpr std::size_t kFlags = 20;
  constexpr unsigned kAnimation = 0x02;
  return head.size() > kFlags && head.substr(12, 4) == "VP8X" &&
         (static_cast<unsigned char>(head[kFlags]) & kAnimation) != 0;
}

}  // namespace

const MediaRule* media_rule(std::string_view mime_type, MediaPurpose purpose) {
  std::string_view bare = mime_type.substr(0, mime_type.find(';'));
  while (bare.ends_with(' ')) bare.remove_suffix(1);
  const auto rules = rules_for(purpose);
  const auto found = std::ranges::find_if(
      rules, [bare](const MediaRule& rule) { return equals_ignoring_case(rule.mime_type, bare); });
  return found == rules.end() ? nullptr : &*found;
}

std::size_t media_bytes_max(const MediaRule& rule, std::string_view head) {
  if (rule.kind != "sticker") return rule.bytes_max;
  return is_animated_webp(head) ? kStickerMax : kStillStickerMax;
}

std::string media_types(MediaPurpose purpose) {
  std::string all;
  for (const MediaRule& rule : rules_for(purpose))
    all.append(all.empty() ? "" : ", ").append(rule.mime_type);
  return all;
}

}  // namespace flowsell::whatsapp
