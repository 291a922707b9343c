#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace flowsell::http {

/// A part of a text that may move while more of it comes.
struct Slice {
  std::uint32_t from = 0;
  std::uint32_t size = 0;
  std::string_view of(const char* text) const noexcept { return {text + from, size}; }
};

/// A request's target and fields, as they lie in its head.
struct HeadSlices {
  struct Field {
    Slice name;
    Slice value;
  };
  Slice target;
  std::vector<Field> fields;

  /// The request's views are of `text` then.
  void fill(Request& request, const char* text) const {
    request.set_target(target.of(text));
    request.fields.clear();
    for (const auto& [name, value] : fields)
      request.fields.push_back({name.of(text), value.of(text)});
  }
};

}  // namespace flowsell::http
