#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.h"
#include "runtime/task.h"

namespace flowsell::http {

/// A body in pieces, for what is too large to be held whole. One coroutine at a time asks for them,
/// and whoever gives them waits until it does.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece, valid until the next call; empty at the body's end. A failure says that the
  /// body is not whole: nothing follows it, and who passes the body on breaks off too.
  virtual Task<std::string_view> next() = 0;
};

/// All of a body. Fails with kPayloadTooLarge when it is longer, and as next().
Task<std::string> read_all(BodySource& source, std::size_t bytes_max);

/// Reads to the body's end, and lets go of what comes. Fails as next().
Task<> skip_rest(BodySource& source);

}  // namespace flowsell::http
