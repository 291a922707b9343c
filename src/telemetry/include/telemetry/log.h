#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace flowsell::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class Format : std::uint8_t { kConsole, kJson };

/// One named value of a log line. Secrets and content have no conversion to it: they can't be
/// logged.
struct Field {
  Field(std::string_view field_name, std::string_view v) : name(field_name), text(v) {}
  Field(std::string_view field_name, const std::string& v) : name(field_name), text(v) {}
  Field(std::string_view field_name, const char* v) : name(field_name), text(v) {}
  Field(std::string_view field_name, std::int64_t v)
      : name(field_name), number(v), is_number(true) {}
  Field(std::string_view field_name, std::uint64_t v)
      : Field(field_name, static_cast<std::int64_t>(v)) {}
  Field(std::string_view field_name, int v) : Field(field_name, static_cast<std::int64_t>(v)) {}
  std::string_view name;
  std::string_view text;
  std::int64_t number = 0;
  bool is_number = false;
};

/// Lines go to standard error, whole and one at a time. Call once at start; before it, warnings and
/// errors are written in console form.
void configure(Level least, Format format);
bool enabled(Level level) noexcept;

/// `what` is a literal: a short sentence that can be searched for. All that varies is a field.
void write(Level level, std::string_view what, std::initializer_list<Field> fields = {});
inline void debug(std::string_view what, std::initializer_list<Field> f = {}) {
  if (enabled(Level::kDebug)) write(Level::kDebug, what, f);
}
inline void info(std::string_view what, std::initializer_list<Field> f = {}) {
  if (enabled(Level::kInfo)) write(Level::kInfo, what, f);
}
inline void warn(std::string_view what, std::initializer_list<Field> f = {}) {
  write(Level::kWarn, what, f);
}
inline void error(std::string_view what, std::initializer_list<Field> f = {}) {
  write(Level::kError, what, f);
}

}  // namespace flowsell::log
