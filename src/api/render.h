#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"
#include "identity/permissions.h"
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

/// A field with a number, or null.
inline void write_number(json::Writer& out, std::string_view name,
                         const std::optional<std::int64_t>& number) {
  out.key(name);
  if (number) {
    out.integer(*number);
  } else {
    out.null();
  }
}

/// A field with a flag, or null.
inline void write_flag(json::Writer& out, std::string_view name, const std::optional<bool>& flag) {
  out.key(name);
  if (flag) {
    out.boolean(*flag);
  } else {
    out.null();
  }
}

/// A field with an id, or null where it is none.
template <class IdType>
void write_id(json::Writer& out, std::string_view name, const IdType& id) {
  write_text(out, name, id.is_none() ? std::string() : id.str());
}

/// A field with the scopes' names.
inline void write_scopes(json::Writer& out, std::string_view name, identity::Scopes scopes) {
  out.key(name).begin_array();
  for (const auto& permission : identity::permissions()) {
    if (scopes.has(permission.scope)) out.string(permission.name);
  }
  out.end_array();
}

}  // namespace flowsell::api
