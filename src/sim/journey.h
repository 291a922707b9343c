#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.h"
#include "graph_error.h"
#include "message_log.h"

namespace flowsell::sim {

enum class Status : std::uint8_t { kSent, kDelivered, kRead, kFailed, kPlayed, kDeleted };
std::string_view status_name(Status status) noexcept;

/// One status that will be told, so long after the message was taken.
struct Step {
  Status status = Status::kSent;
  std::chrono::milliseconds after{0};
};

/// The statuses of one message in the order in which they are told.
class Script {
 public:
  static constexpr std::size_t kStepsMax = 6;
  /// Nothing happens when `after` is negative: "never".
  void add(Status status, std::chrono::milliseconds after);
  void reverse();
  void delay(std::chrono::milliseconds by);
  void repeat_each();
  std::size_t size() const noexcept { return size_; }
  const Step& operator[](std::size_t i) const noexcept { return steps_[i]; }

 private:
  std::array<Step, kStepsMax> steps_{};
  std::uint8_t size_ = 0;
};

/// All that webhooks will tell about one thing: a message of ours and its statuses, or one ready
/// change.
struct Journey {
  std::uint16_t number = 0;
  SteadyTime begin;
  Script script;                 ///< one step where `change_json` is set
  std::uint64_t generation = 0;  ///< webhooks of before a reset are not sent

  std::string wamid;
  std::string person;
  std::string callback_data;
  bool to_user = false;
  bool to_group = false;
  bool is_template = false;
  bool was_delivered = false;   ///< `delivered` is in the script: `read` then carries no pricing
  int error = kNoError;         ///< of kFailed
  std::string category;         ///< of its price, "marketing"; empty: the usual one of its kind
  std::int64_t free_until = 0;  ///< unix seconds: the end of its free entry point; 0: none

  std::string field;        ///< "messages", or another webhook field; empty: statuses
  std::string change_json;  ///< the change's value, without metadata where the field is "messages"

  SteadyTime due(std::size_t step) const { return begin + script[step].after; }
};

}  // namespace flowsell::sim
