#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/event.h"
#include "chain.h"

namespace flowsell::audit {

/// Personal data of an event, of one part: what is committed to it, and what is there of it.
struct Kept {
  std::string_view commitment, salt, data;
  bool is_there = false;  ///< false: there never was any, or it was erased

  bool is_erased() const noexcept { return !commitment.empty() && !is_there; }
};

/// An event with all that proves it. Views.
struct Record {
  EventColumns columns;
  Kept origin, personal;
  std::string_view hash;
};

/// What it says to people. Whatever the record holds, this is an event.
Event event_of(const Record& record);

/// A record as a line of an export, with its line end: the event as render() has it, and under
/// "proof" what is hashed and not shown. JSON in UTF-8, whatever the record holds.
std::string export_line(const Record& record);

/// A line of an export, taken apart.
class ParsedRecord {
 public:
  /// Without its line end. nullopt: it is no such line.
  static std::optional<ParsedRecord> parse(std::string_view line);

  Record view() const;

 private:
  struct Part {
    std::string commitment, salt, data;
    bool is_there = false;
    Kept view() const { return {commitment, salt, data, is_there}; }
  };
  std::string scope_, id_, actor_id_, act_, target_, before_, after_, request_id_, hash_;
  std::int64_t seq_ = 0, at_ = 0, actor_kind_ = 0;
  Part origin_, personal_;
  friend struct RecordReader;
};

}  // namespace flowsell::audit
