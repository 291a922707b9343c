#pragma once

#include <optional>
#include <string_view>

#include "core/time.h"
#include "json/writer.h"

namespace flowsell::api {

/// A field with a time, or null.
inline void write_time(json::Writer& out, std::string_view name, const std::optional<Time>& at) {
  out.key(name).string_or_null(at ? format_time(*at) : "");
}

/// A field with a text, or null where it is empty.
inline void write_text(json::Writer& out, std::string_view name, std::string_view text) {
  out.key(name).string_or_null(text);
}

}  // namespace flowsell::api
