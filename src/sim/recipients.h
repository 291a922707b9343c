#pragma once

#include <chrono>
#include <string_view>

#include "journey.h"

namespace flowsell::sim {

/// What a recipient's number makes the simulator do. README.md of this folder has the table.
struct RecipientRole {
  int error = kNoError;
  bool error_later = false;  ///< by a failed status
  bool never_delivered = false;
  bool not_shown_delivered = false;  ///< read without delivered
  bool twice = false;
  bool reordered = false;
  bool late = false;
  bool held = false;  ///< message_status held_for_quality_assessment
};

/// `person` is the number's digits.
RecipientRole role_of(std::string_view person) noexcept;

/// When each status is told; negative: never.
struct StatusDelays {
  std::chrono::milliseconds sent;
  std::chrono::milliseconds delivered;
  std::chrono::milliseconds read;
};

/// The statuses that follow a message. A reaction is only ever sent.
Script script_for(const RecipientRole& role, MessageType type, const StatusDelays& delays);

}  // namespace flowsell::sim
