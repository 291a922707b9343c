#include "message_log.h"

#include <algorithm>
#include <array>

#include "ids.h"

namespace flowsell::sim {
namespace {

constexpr auto kMessageTypeNames = std::to_array<std::string_view>(
    {"text", "image", "video", "document", "audio", "sticker", "location", "contacts", "reaction",
     "interactive", "template"});

}  // namespace

std::string_view message_type_name(MessageType type) noexcept {
  return kMessageTypeNames[static_cast<std::size_t>(type)];
}

std::optional<MessageType> parse_message_type(std::string_view name) noexcept {
  const auto found = std::ranges::find(kMessageTypeNames, name);
  if (found == kMessageTypeNames.end()) return std::nullopt;
  return static_cast<MessageType>(found - kMessageTypeNames.begin());
}

MessageLog::MessageLog(std::size_t kept_max)
    : kept_max_(std::max<std::size_t>(kept_max, 1)), seed_(quick_random()) {}

std::string MessageLog::add(const TakenMessage& message) {
  std::uint64_t n = 0;
  {
    const std::lock_guard lock(mutex_);
    n = next_++;
    auto& segment = writable_segment();
    segment.entries.push_back(
        {.at_ms = to_unix_ms(message.at),
         .offset = static_cast<std::uint32_t>(segment.text.size()),
         .callback_size = static_cast<std::uint16_t>(message.callback_data.size()),
         .number = message.number,
         .to_size = static_cast<std::uint8_t>(message.to.size()),
         .person_size = static_cast<std::uint8_t>(message.person.size()),
         .type = message.type});
    segment.text.append(message.to).append(message.person).append(message.callback_data);
  }
  return wamid_of(n, message.person);
}

MessageLog::Segment& MessageLog::writable_segment() {
  if (segments_.empty() || segments_.back().entries.size() == kSegmentMessages) {
    segments_.emplace_back();
    segments_.back().entries.reserve(kSegmentMessages);
  }
  // Whole segments go, and only when what is left still fills the limit.
  while (next_ - oldest_ >= kept_max_ + kSegmentMessages && segments_.size() > 1) {
    segments_.pop_front();
    oldest_ += kSegmentMessages;
  }
  return segments_.back();
}

void MessageLog::clear() {
  const std::lock_guard lock(mutex_);
  segments_.clear();
  first_ = oldest_ = next_;
}

std::uint64_t MessageLog::taken() const {
  const std::lock_guard lock(mutex_);
  return next_ - first_;
}

TakenMessage MessageLog::read(std::uint64_t n) const {
  const auto place = n - oldest_;
  const auto& segment = segments_[place / kSegmentMessages];
  const auto& entry = segment.entries[place % kSegmentMessages];
  const auto text = std::string_view(segment.text).substr(entry.offset);
  return {.to = text.substr(0, entry.to_size),
          .person = text.substr(entry.to_size, entry.person_size),
          .callback_data = text.substr(entry.to_size + entry.person_size, entry.callback_size),
          .type = entry.type,
          .number = entry.number,
          .at = from_unix_ms(entry.at_ms)};
}

std::string MessageLog::wamid_of(std::uint64_t n, std::string_view person) const {
  return make_wamid(person, WamidKind::kOutbound, scramble(n + seed_));
}

std::optional<std::uint64_t> MessageLog::position_of(std::string_view wamid) const {
  const auto serial = wamid_serial(wamid);
  if (!serial) return std::nullopt;
  const auto n = unscramble(*serial) - seed_;
  const bool kept = n >= oldest_ && n < next_;
  if (!kept || wamid_of(n, read(n).person) != wamid) return std::nullopt;
  return n;
}

}  // namespace flowsell::sim
