#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/time.h"
#include "telemetry/log.h"

namespace flowsell::log {

/// One line without its end. Whatever the fields hold, it stays one line of valid UTF-8: control
/// characters are escaped and broken bytes are shown as '?', so that no caller's text can forge a
/// second line.
std::string format_line(Format format, Time time, Level level, std::string_view what,
                        std::initializer_list<Field> fields);

}  // namespace flowsell::log
