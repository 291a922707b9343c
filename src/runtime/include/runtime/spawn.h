#pragma once

#include <string_view>

#include "runtime/task.h"

namespace flowsell::runtime {

/// Starts `work` on `executor` and lets it run by itself. Should it throw, that is logged under
/// `name` as an error: nothing is swallowed (net::detached would). `name` must be a literal.
void spawn_logged(const net::any_io_executor& executor, Awaitable<void> work,
                  std::string_view name);

}  // namespace flowsell::runtime
