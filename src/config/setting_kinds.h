#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "table.h"
#include "values.h"

namespace flowsell::config {

/// The variable of a flag, or of a setting without one.
inline std::string variable_of(std::string_view flag_or_name) {
  std::string variable(kVariablePrefix);
  for (const char c : flag_or_name) {
    if (c == '-' || c == '.') {
      variable += '_';
    } else {
      variable += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
  }
  return variable;
}

/// The parts that every kind of setting has. The variable follows from the flag: --data-dir,
/// CONNECT_DATA_DIR.
inline Setting describe(std::string_view name, std::string_view flag, Kind kind, std::string values,
                        std::string_view help) {
  Setting setting;
  setting.name = name;
  setting.flag = flag.empty() ? "" : "--" + std::string(flag);
  setting.environment = variable_of(flag.empty() ? name : flag);
  setting.kind = kind;
  setting.values = std::move(values);
  setting.help = help;
  return setting;
}

// In all that follows `member` gives the setting's place: [](auto& s) -> auto& { return
// s.server.threads; }

template <class Value, class Member>
auto storing(Member member, Result<Value> (*parse)(std::string_view)) {
  return [member, parse](Settings& s, std::string_view text) -> Result<> {
    TRY(Value value, parse(text));
    member(s) = std::move(value);
    return {};
  };
}

template <class Value>
std::int64_t count_of(const Value& value) {
  if constexpr (std::is_integral_v<Value>) {
    return static_cast<std::int64_t>(value);
  } else {
    return value.count();
  }
}

template <class Member>
Setting number(std::string_view name, std::string_view flag, Range range, std::string_view help,
               Member member) {
  Setting setting =
      describe(name, flag, Kind::kNumber, fmt::format("{} to {}", range.min, range.max), help);
  setting.apply = [member, range](Settings& s, std::string_view text) -> Result<> {
    TRY(const std::int64_t value, parse_number(text, range));
    auto& place = member(s);
    place = static_cast<std::remove_reference_t<decltype(place)>>(value);
    return {};
  };
  setting.show = [member](const Settings& s) { return std::to_string(count_of(member(s))); };
  return setting;
}

template <class Member>
Setting on_off(std::string_view name, std::string_view flag, std::string_view help, Member member) {
  Setting setting = describe(name, flag, Kind::kSwitch, "true, false", help);
  setting.apply = storing(member, &parse_switch);
  setting.show = [member](const Settings& s) -> std::string {
    return member(s) ? "true" : "false";
  };
  return setting;
}

template <class Member>
Setting text(std::string_view name, std::string_view flag, std::string_view values,
             std::string_view help, Member member,
             Result<std::string> (*parse)(std::string_view) = nullptr) {
  Setting setting = describe(name, flag, Kind::kText, std::string(values), help);
  setting.apply = [member, parse](Settings& s, std::string_view value) -> Result<> {
    TRY(std::string parsed, parse != nullptr ? parse(value) : Result<std::string>(value));
    member(s) = std::move(parsed);
    return {};
  };
  setting.show = [member](const Settings& s) { return member(s); };
  return setting;
}

template <class Member>
Setting address(std::string_view name, std::string_view flag, std::string_view help,
                Member member) {
  Setting setting = describe(name, flag, Kind::kText, "IP:port, [IPv6]:port", help);
  setting.apply = storing(member, &parse_listen_address);
  setting.show = [member](const Settings& s) { return member(s).str(); };
  return setting;
}

inline Result<Secret> any_secret(std::string_view value) { return Secret(std::string(value)); }

template <class Member>
Setting secret(std::string_view name, std::string_view flag, std::string_view values,
               std::string_view help, Member member,
               Result<Secret> (*parse)(std::string_view) = &any_secret) {
  Setting setting = describe(name, flag, Kind::kText, std::string(values), help);
  setting.secret = true;
  setting.apply = storing(member, parse);
  setting.show = [member](const Settings& s) -> std::string {
    return member(s).empty() ? "not set" : "set";
  };
  return setting;
}

template <class Member, std::size_t N>
Setting choice(std::string_view name, std::string_view flag,
               const std::array<std::string_view, N>& texts, std::string_view help, Member member) {
  const std::string all = fmt::format("{}", fmt::join(texts, ", "));
  Setting setting = describe(name, flag, Kind::kText, all, help);
  setting.apply = [member, texts, all](Settings& s, std::string_view value) -> Result<> {
    for (std::size_t i = 0; i < N; ++i) {
      if (texts[i] != value) continue;
      auto& place = member(s);
      place = static_cast<std::remove_reference_t<decltype(place)>>(i);
      return {};
    }
    return fail(ErrorCode::kInvalidRequest, "expected one of " + all);
  };
  setting.show = [member, texts](const Settings& s) {
    return std::string(texts[static_cast<std::size_t>(member(s))]);
  };
  return setting;
}

}  // namespace flowsell::config
