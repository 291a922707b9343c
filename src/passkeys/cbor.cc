#include "cbor.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/encoding.h"

namespace flowsell::passkeys {
namespace {

// Major types (RFC 8949, section 3.1).
constexpr unsigned kUnsigned = 0;
constexpr unsigned kNegative = 1;
constexpr unsigned kBytes = 2;
constexpr unsigned kText = 3;
constexpr unsigned kArray = 4;
constexpr unsigned kMap = 5;
constexpr unsigned kSimple = 7;

constexpr std::uint64_t kFalse = 20;
constexpr std::uint64_t kNull = 22;

/// In one byte there is room for arguments up to it.
constexpr unsigned kInHeadMax = 23;
constexpr unsigned kOneByteBehind = 24;
constexpr unsigned kEightBytesBehind = 27;

/// The least number that needs `size` bytes.
constexpr std::uint64_t least_of(std::size_t size) {
  return size == 1 ? kInHeadMax + 1 : std::uint64_t{1} << (8 * size / 2);
}

}  // namespace

std::optional<std::string_view> CborReader::take(std::uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  const auto taken = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(taken.size());
  return taken;
}

std::optional<CborReader::Head> CborReader::head() {
  const auto first = take(1);
  if (!first) return std::nullopt;
  const unsigned byte = static_cast<unsigned char>(first->front());
  const unsigned low = byte & 0x1FU;
  Head head{byte >> 5U, low};
  if (low <= kInHeadMax) return head;
  // Above are reserved numbers, and 31, which begins what has no definite length.
  if (low > kEightBytesBehind) return std::nullopt;
  const auto behind = take(std::uint64_t{1} << (low - kOneByteBehind));
  // Behind a simple value's head are floats, and what nobody has given a meaning.
  if (!behind || head.major == kSimple) return std::nullopt;
  head.argument = 0;
  for (const char each : *behind)
    head.argument = head.argument << 8 | static_cast<unsigned char>(each);
  if (head.argument < least_of(behind->size())) return std::nullopt;
  return head;
}

std::optional<std::int64_t> CborReader::integer() {
  const auto next = head();
  if (!next || next->major > kNegative) return std::nullopt;
  if (next->argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  const auto value = static_cast<std::int64_t>(next->argument);
  return next->major == kNegative ? -1 - value : value;
}

std::optional<std::string_view> CborReader::string_of(unsigned major) {
  const auto next = head();
  if (!next || next->major != major) return std::nullopt;
  return take(next->argument);
}

std::optional<std::string_view> CborReader::byte_string() { return string_of(kBytes); }

std::optional<std::string_view> CborReader::text() {
  const auto found = string_of(kText);
  return found && is_valid_utf8(*found) ? found : std::nullopt;
}

std::optional<std::size_t> CborReader::map() {
  const auto next = head();
  if (!next || next->major != kMap || next->argument > kPairsMax) return std::nullopt;
  return static_cast<std::size_t>(next->argument);
}

std::optional<std::size_t> CborReader::whole_map() {
  CborReader all(rest_);
  if (!all.item() || !all.rest_.empty()) return std::nullopt;
  return map();
}

std::optional<std::string_view> CborReader::item() {
  const auto before = rest_;
  if (!skip(0)) return std::nullopt;
  return before.substr(0, before.size() - rest_.size());
}

bool CborReader::skip(std::size_t depth) {
  if (depth > kDepthMax) return false;
  const auto before = rest_;
  const auto next = head();
  if (!next) return false;
  switch (next->major) {
    case kUnsigned:
    case kNegative:
      return true;
    case kBytes:
      return take(next->argument).has_value();
    case kText:
      rest_ = before;
      return text().has_value();
    case kArray:
      return skip_array(next->argument, depth);
    case kMap:
      return skip_map(next->argument, depth);
    case kSimple:
      return next->argument >= kFalse && next->argument <= kNull;
    default:
      return false;
  }
}

bool CborReader::skip_array(std::uint64_t count, std::size_t depth) {
  // Each item has a byte at least: a count that lies ends with the bytes.
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!skip(depth + 1)) return false;
  }
  return true;
}

bool CborReader::skip_map(std::uint64_t count, std::size_t depth) {
  if (count > kPairsMax) return false;
  std::array<std::string_view, kPairsMax> keys;
  for (std::size_t i = 0; i < count; ++i) {
    const auto before = rest_;
    if (!skip(depth + 1)) return false;
    keys[i] = before.substr(0, before.size() - rest_.size());
    const auto* const end = keys.begin() + i;
    if (std::find(keys.cbegin(), end, keys[i]) != end) return false;
    if (!skip(depth + 1)) return false;
  }
  return true;
}

}  // namespace flowsell::passkeys
