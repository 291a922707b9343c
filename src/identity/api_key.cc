#include "identity/api_key.h"

#include <algorithm>

namespace flowsell::identity {
namespace {

constexpr std::string_view kTestHead = "fsk_test_";
constexpr std::string_view kLiveHead = "fsk_live_";
constexpr std::size_t kNameLength = 8;
constexpr std::size_t kSecretLength = 32;
constexpr std::size_t kChecksumLength = 6;
static_assert(kTestHead.size() + kNameLength == ApiKeyText::kPrefixLength);
constexpr std::size_t kLength = 9 + kNameLength + kSecretLength + kChecksumLength;

std::string checksum(std::string_view text) {
  return crypto::base62(crypto::crc32(text), kChecksumLength);
}

bool is_base62(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::optional<ApiKeyText> ApiKeyText::parse(std::string_view text) {
  const bool test = text.starts_with(kTestHead);
  if ((!test && !text.starts_with(kLiveHead)) || text.size() != kLength) return std::nullopt;
  if (!std::ranges::all_of(text.substr(kTestHead.size()), is_base62)) return std::nullopt;
  const auto body = text.substr(0, text.size() - kChecksumLength);
  if (checksum(body) != text.substr(body.size())) return std::nullopt;
  return ApiKeyText{test ? Mode::kTest : Mode::kLive, text.substr(0, kPrefixLength)};
}

Secret ApiKeyText::make(Mode mode) {
  std::string text(mode == Mode::kTest ? kTestHead : kLiveHead);
  text += crypto::random_base62(kNameLength + kSecretLength);
  text += checksum(text);
  return Secret(std::move(text));
}

}  // namespace flowsell::identity
