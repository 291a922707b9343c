#include "recipients.h"

#include <algorithm>
#include <array>

#include "graph_error.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

constexpr std::chrono::milliseconds kLate{5'000};
constexpr int kNotReachable = 131026;

constexpr int kSpecialFirst = 9990001;

/// Those of seven digits, but for a range: templates, migrations and coexistence.
constexpr std::array kOfManagement = {2388012, 2388019, 2388023, 2388024, 2388040, 2388047,
                                      2388072, 2388073, 2388091, 2388093, 2388103, 2388293,
                                      2388299, 2494100, 2593107, 2593108};

/// Whether Meta's table has such a code, though the simulator has no words of its own for it: codes
/// of calls, flows, groups, migrations and the like.
bool is_error_code(int number) {
  return (number >= 201 && number <= 299) || number == 613 || number == 80008 ||
         (number >= 131000 && number <= 147999) || (number >= 2494164 && number <= 2494179) ||
         std::ranges::find(kOfManagement, number) != kOfManagement.end();
}

RecipientRole special_role(int number) {
  switch (number - kSpecialFirst) {
    case 0:
      return {.never_delivered = true};
    case 1:
      return {.not_shown_delivered = true};
    case 2:
      return {.twice = true};
    case 3:
      return {.reordered = true};
    case 4:
      return {.late = true};
    case 5:
      return {.held = true};
    default:
      return {};
  }
}

}  // namespace

std::string_view status_name(Status status) noexcept {
  switch (status) {
    case Status::kSent:
      return "sent";
    case Status::kDelivered:
      return "delivered";
    case Status::kRead:
      return "read";
    case Status::kPlayed:
      return "played";
    case Status::kDeleted:
      return "deleted";
    case Status::kFailed:
      return "failed";
  }
  return "";
}

void Script::add(Status status, std::chrono::milliseconds after) {
  if (after.count() < 0 || size_ == kStepsMax) return;
  steps_[size_++] = {status, after};
}

void Script::reverse() {
  for (std::size_t i = 0; i < size_ / 2; ++i)
    std::swap(steps_[i].status, steps_[size_ - 1U - i].status);
}

void Script::delay(std::chrono::milliseconds by) {
  for (std::size_t i = 0; i < size_; ++i) steps_[i].after += by;
}

void Script::repeat_each() {
  const Script once = *this;
  size_ = 0;
  for (std::size_t i = 0; i < once.size(); ++i) {
    add(once[i].status, once[i].after);
    add(once[i].status, once[i].after);
  }
}

RecipientRole role_of(std::string_view person) noexcept {
  constexpr std::string_view kMagic = "1555";
  if (!person.starts_with(kMagic)) return {};
  const auto tail = person.substr(kMagic.size());
  const auto parsed = parse_number<int>(tail);
  if (!parsed) return {};
  const int number = *parsed;
  if (tail.size() == 7 && number >= kSpecialFirst) return special_role(number);
  if (tail.size() != 6 && !(tail.size() == 7 && number > 999'999)) return {};
  const auto* row = find_error_row(number);
  if (!row && !is_error_code(number)) return {};
  RecipientRole role;
  role.error = number;
  role.error_later = row && row->comes_later;
  return role;
}

Script script_for(const RecipientRole& role, MessageType type, const StatusDelays& delays) {
  Script script;
  if (role.error_later) {
    if (role.error == kNotReachable) script.add(Status::kSent, delays.sent);
    const auto when = role.error == kNotReachable ? delays.delivered : delays.sent;
    script.add(Status::kFailed, std::max(when, std::chrono::milliseconds(0)));
    return script;
  }
  script.add(Status::kSent, delays.sent);
  if (type == MessageType::kReaction) return script;
  if (!role.never_delivered) {
    if (!role.not_shown_delivered) script.add(Status::kDelivered, delays.delivered);
    script.add(Status::kRead, delays.read);
  }
  if (role.reordered) script.reverse();
  if (role.late) script.delay(kLate);
  if (role.twice) script.repeat_each();
  return script;
}

}  // namespace flowsell::sim
