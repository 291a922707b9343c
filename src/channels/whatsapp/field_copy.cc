#include "field_copy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fields.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::int64_t kUnixSecondsMax = 253'402'300'799;  // the end of the year 9999
constexpr std::size_t kNameLengthMax = 64;

bool is_of_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Null where a value is not what it should be.
void copy_one(json::Writer& out, const json::Object& from, const Copied& field) {
  switch (field.as) {
    case As::kName:
      if (const std::string name = scalar_in(from, field.from); !name.empty())
        out.key(field.to).string(plain_name(name));
      return;
    case As::kReason:
      out.optional_string(field.to, stated_in(from, field.from));
      return;
    case As::kId:
    case As::kText:
      out.optional_string(field.to, scalar_in(from, field.from));
      return;
    case As::kInteger:
      if (const auto number = number_in(from, field.from)) out.key(field.to).integer(*number);
      return;
    case As::kDecimal:
      if (const auto number = decimal_in(from, field.from))
        out.key(field.to).value(json::Value(*number));
      return;
    case As::kTime:
      if (const auto at = read_time(from, field.from)) out.key(field.to).string(format_time(*at));
      return;
    case As::kFlag:
      if (const auto flag = flag_in(from, field.from)) out.key(field.to).boolean(*flag);
      return;
  }
}

}  // namespace

void copy_fields(json::Writer& out, const json::Object& from, std::span<const Copied> fields) {
  for (const Copied& field : fields) copy_one(out, from, field);
}

void copy_object(json::Writer& out, std::string_view name, const json::Object* from,
                 std::span<const Copied> fields) {
  if (from == nullptr) return;
  out.key(name).begin_object();
  copy_fields(out, *from, fields);
  out.end_object();
}

void copy_list(json::Writer& out, std::string_view name, const json::Array* from,
               std::span<const Copied> fields) {
  if (from == nullptr) return;
  out.key(name).begin_array();
  for (const json::Value& each : *from) {
    const json::Object* element = each.if_object();
    if (element == nullptr) continue;
    out.begin_object();
    copy_fields(out, *element, fields);
    out.end_object();
  }
  out.end_array();
}

std::optional<Time> read_time(const json::Object& object, std::string_view name) {
  const std::int64_t seconds = number_in(object, name).value_or(0);
  if (seconds <= 0 || seconds > kUnixSecondsMax) return std::nullopt;
  return from_unix_ms(seconds * 1000);
}

std::string_view safe_name(std::string_view name) {
  const bool safe =
      !name.empty() && name.size() <= kNameLengthMax && std::ranges::all_of(name, is_of_a_name);
  return safe ? name : std::string_view("other");
}

std::string plain_name(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ' || c == '-') c = '_';
  }
  return std::string(safe_name(plain));
}

std::string in_capitals(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string word_in(const json::Object& object, std::string_view name) {
  const std::string_view word = text_in(object, name);
  return word.empty() ? std::string() : plain_name(word);
}

std::string stated_in(const json::Object& object, std::string_view name) {
  const std::string word = scalar_in(object, name);
  return word.empty() || word == "NONE" ? std::string() : plain_name(word);
}

std::string tier_named(std::string_view limit) {
  struct Tier {
    std::string_view number, name;
  };
  constexpr std::array kTiers = {Tier{"50", "tier_50"},       Tier{"250", "tier_250"},
                                 Tier{"1000", "tier_1k"},     Tier{"2000", "tier_2k"},
                                 Tier{"10000", "tier_10k"},   Tier{"100000", "tier_100k"},
                                 Tier{"-1", "tier_unlimited"}};
  const std::string name = plain_name(limit);
  for (const auto& tier : kTiers)
    if (limit == tier.number || name == tier.name) return std::string(tier.name);
  return {};
}

std::string inside_of(json::Writer out) {
  out.end_object();
  std::string text = std::move(out).take();
  text.pop_back();
  text.erase(0, 1);
  return text;
}

void write_object(json::Writer& out, std::string_view name, json::Writer object) {
  object.end_object();
  if (object.text() != "{}") out.key(name).raw(object.text());
}

}  // namespace flowsell::whatsapp
