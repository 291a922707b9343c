#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace flowsell::sim {

/// What kind of message was taken. Order as in kMessageTypeNames.
enum class MessageType : std::uint8_t {
  kText,
  kImage,
  kVideo,
  kDocument,
  kAudio,
  kSticker,
  kLocation,
  kContacts,
  kReaction,
  kInteractive,
  kTemplate,
};
std::string_view message_type_name(MessageType type) noexcept;
std::optional<MessageType> parse_message_type(std::string_view name) noexcept;

/// What the simulator remembers of a message that it took: never its content.
struct TakenMessage {
  std::string_view to;      ///< as it was sent
  std::string_view person;  ///< wa_id (digits) or user id
  std::string_view callback_data;
  MessageType type = MessageType::kText;
  std::uint16_t number = 0;  ///< which of our numbers it left from
  Time at{};
};

/// Every message taken since the last reset, oldest first, about 70 bytes each. The oldest make
/// room when there are more than the limit. Thread-safe.
class MessageLog {
 public:
  explicit MessageLog(std::size_t kept_max);

  /// Keeps it and gives its id.
  std::string add(const TakenMessage& message);
  void clear();
  /// How many were taken since the last reset, kept or not.
  std::uint64_t taken() const;

  /// Calls `visit(position, wamid, message)` for the kept messages from position `from` on, until
  /// it gives false. `visit` must not call the log.
  template <class Visit>
  void each(std::uint64_t from, Visit visit) const {
    const std::lock_guard lock(mutex_);
    for (auto n = std::max(first_ + from, oldest_); n < next_; ++n) {
      const auto message = read(n);
      if (!visit(n - first_, wamid_of(n, message.person), message)) return;
    }
  }
  /// Calls `visit(message)` with the message of that id; false when it is not one of ours.
  template <class Visit>
  bool with(std::string_view wamid, Visit visit) const {
    const std::lock_guard lock(mutex_);
    const auto n = position_of(wamid);
    if (!n) return false;
    visit(read(*n));
    return true;
  }

 private:
  static constexpr std::size_t kSegmentMessages = 4096;
  struct Entry {
    std::int64_t at_ms;
    std::uint32_t offset;  ///< in the segment's text: to, person, callback data
    std::uint16_t callback_size;
    std::uint16_t number;
    std::uint8_t to_size;
    std::uint8_t person_size;
    MessageType type;
  };
  struct Segment {
    std::vector<Entry> entries;
    std::string text;
  };

  Segment& writable_segment();
  TakenMessage read(std::uint64_t n) const;
  std::string wamid_of(std::uint64_t n, std::string_view person) const;
  std::optional<std::uint64_t> position_of(std::string_view wamid) const;

  const std::size_t kept_max_;
  const std::uint64_t seed_;  ///< ids of two runs must differ
  mutable std::mutex mutex_;
  std::deque<Segment> segments_;
  std::uint64_t first_ = 0;   ///< of the first message since the reset
  std::uint64_t oldest_ = 0;  ///< of the oldest kept: where segments_ begins
  std::uint64_t next_ = 0;
};

}  // namespace flowsell::sim
