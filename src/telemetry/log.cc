#include "telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <memory>
#include <utility>

#include "core/encoding.h"
#include "core/time.h"
#include "json/writer.h"
#include "log_line.h"

namespace flowsell::log {
namespace {

std::atomic<Level> least_level{Level::kWarn};
std::atomic<Format> line_format{Format::kConsole};

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// A logger of our own and not one of spdlog's registry, so that nothing outside this file can
/// change it. Never destroyed: threads may still write while the process ends.
spdlog::logger& sink() {
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger("connectd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

/// The JSON writer and every reader of the log expect UTF-8.
std::string clean(std::string_view text) {
  std::string out(text);
  if (is_valid_utf8(text)) return out;
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return out;
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7F || c == '"' || c == '\\' || c == '=';
  });
}

void append_number(std::int64_t number, std::string& out) {
  std::array<char, 24> digits;
  out.append(digits.data(),
             std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void append_console(const Field& field, std::string& out) {
  out += ' ';
  out += field.name;
  out += '=';
  if (field.is_number) return append_number(field.number, out);
  const std::string text = clean(field.text);
  out += is_plain(text) ? text : json::quoted(text);
}

std::string console_line(Time time, Level level, std::string_view what,
                         std::initializer_list<Field> fields) {
  std::string out = format_time(time);
  out += ' ';
  out += name_of(level);
  out.append(name_of(level).size() < 5 ? 2 : 1, ' ');
  out += what;
  for (const Field& field : fields) append_console(field, out);
  return out;
}

std::string json_line(Time time, Level level, std::string_view what,
                      std::initializer_list<Field> fields) {
  json::Writer writer;
  writer.begin_object();
  writer.key("time").string(format_time(time)).key("level").string(name_of(level));
  writer.key("message").string(what);
  for (const Field& field : fields) {
    writer.any_key(field.name);
    if (field.is_number) {
      writer.integer(field.number);
    } else {
      writer.string(clean(field.text));
    }
  }
  return std::move(writer.end_object()).take();
}

}  // namespace

std::string format_line(Format format, Time time, Level level, std::string_view what,
                        std::initializer_list<Field> fields) {
  return format == Format::kJson ? json_line(time, level, what, fields)
                                 : console_line(time, level, what, fields);
}

void configure(Level least, Format format) {
  least_level.store(least, std::memory_order_relaxed);
  line_format.store(format, std::memory_order_relaxed);
}

bool enabled(Level level) noexcept { return level >= least_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view what, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const Format format = line_format.load(std::memory_order_relaxed);
  const std::string line = format_line(format, SystemClock().now(), level, what, fields);
  sink().log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace flowsell::log
