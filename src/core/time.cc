#include "core/time.h"

#include <array>
#include <cstdio>

namespace flowsell {
namespace {

using namespace std::chrono;

constexpr Time kEnd = sys_days(year(10000) / January / 1);  // the first that four digits can't show

void put_digits(char* out, int width, unsigned value) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

/// Reads exactly `width` digits at `at`; -1 when they are not digits.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  if (text.size() < at + width) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// The offset from UTC written at the end of an RFC 3339 time: 'Z' or +hh:mm.
std::optional<minutes> offset_from_utc(std::string_view text) {
  if (text == "Z" || text == "z") return minutes{0};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int hh = digits(text, 1, 2);
  const int mm = digits(text, 4, 2);
  if (hh < 0 || hh > 23 || mm < 0 || mm > 59) return std::nullopt;
  const minutes size{hh * 60 + mm};
  return text[0] == '-' ? -size : size;
}

}  // namespace

std::string format_time(Time t) {
  const auto day = floor<days>(t);
  const year_month_day date(day);
  const hh_mm_ss time(t - day);
  std::string out = "0000-00-00T00:00:00.000Z";
  put_digits(&out[0], 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits(&out[5], 2, static_cast<unsigned>(date.month()));
  put_digits(&out[8], 2, static_cast<unsigned>(date.day()));
  put_digits(&out[11], 2, static_cast<unsigned>(time.hours().count()));
  put_digits(&out[14], 2, static_cast<unsigned>(time.minutes().count()));
  put_digits(&out[17], 2, static_cast<unsigned>(time.seconds().count()));
  put_digits(&out[20], 3, static_cast<unsigned>(time.subseconds().count()));
  return out;
}

std::optional<Time> parse_time(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':' ||
      (text[10] != 'T' && text[10] != 't')) {
    return std::nullopt;
  }
  const std::array parts = {digits(text, 0, 4),  digits(text, 5, 2),  digits(text, 8, 2),
                            digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)};
  for (const int part : parts) {
    if (part < 0) return std::nullopt;
  }
  const year_month_day date(year(parts[0]), month(static_cast<unsigned>(parts[1])),
                            day(static_cast<unsigned>(parts[2])));
  if (!date.ok() || parts[0] < 1970 || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) {
    return std::nullopt;
  }
  std::size_t at = 19;
  int ms = 0;
  if (text[at] == '.') {
    int scale = 100;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      ms += (text[at] - '0') * scale;
    }
    if (at == first || at - first > 9) return std::nullopt;
  }
  const auto offset = offset_from_utc(text.substr(at));
  if (!offset) return std::nullopt;
  const Time t = sys_days(date) + hours(parts[3]) + minutes(parts[4]) + seconds(parts[5]) +
                 milliseconds(ms) - *offset;
  if (t < Time{} || t >= kEnd) return std::nullopt;
  return t;
}

Time SystemClock::now() const { return floor<milliseconds>(system_clock::now()); }

}  // namespace flowsell
