#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/time.h"
#include "json/json.h"
#include "json/writer.h"

namespace flowsell::whatsapp {

/// How a field of Meta's is shown.
enum class As : std::uint8_t {
  kName,    ///< one of Meta's words, in lower case: "APPROVED" is "approved"
  kReason,  ///< the same, and "NONE" is none
  kId,      ///< a text or an integer, as a text
  kText,    ///< as it is
  kInteger,
  kDecimal,
  kTime,  ///< unix seconds as RFC 3339
  kFlag,
};

struct Copied {
  std::string_view from;  ///< Meta's name
  std::string_view to;    ///< ours
  As as;
};

/// Writes those of `fields` that are there and are what they should be.
void copy_fields(json::Writer& out, const json::Object& from, std::span<const Copied> fields);
/// The same as an object named `name`; nothing where `from` is none.
void copy_object(json::Writer& out, std::string_view name, const json::Object* from,
                 std::span<const Copied> fields);

/// Those of a list that are objects, as a list named `name`; nothing where `from` is none.
void copy_list(json::Writer& out, std::string_view name, const json::Array* from,
               std::span<const Copied> fields);

/// Meta's time: unix seconds as a string (messages, statuses) or an integer (entries). nullopt when
/// it is neither.
std::optional<Time> read_time(const json::Object& object, std::string_view name);

/// `name` where it looks like one of Meta's names, else "other": an envelope must carry no text of
/// a person.
std::string_view safe_name(std::string_view name);
/// The same in lower case, spaces and hyphens as underscores: a value of ours.
std::string plain_name(std::string_view name);
/// The reverse: a word of ours in capitals, as Meta writes its own.
std::string in_capitals(std::string_view word);

/// One of Meta's words, as plain_name(). Empty where there is none.
std::string word_in(const json::Object& object, std::string_view name);
/// The same, also of a number; "NONE" is none.
std::string stated_in(const json::Object& object, std::string_view name);

/// "tier_2k" of Meta's "TIER_2K", 2000 or -1, which says that there is no limit; empty when it is
/// none of the tiers.
std::string tier_named(std::string_view limit);

/// A writer that has begun an object.
inline json::Writer object_writer() {
  json::Writer out;
  out.begin_object();
  return out;
}
/// What it wrote, without the braces.
std::string inside_of(json::Writer out);
/// What `object` wrote, as an object named `name`; nothing where it wrote nothing.
void write_object(json::Writer& out, std::string_view name, json::Writer object);

}  // namespace flowsell::whatsapp
