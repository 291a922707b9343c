#pragma once

#include <cstddef>
#include <string>

#include "core/error.h"

namespace flowsell::api {

/// That one person is in: each costs every server some memory.
constexpr std::size_t kWorkspacesPerUserMax = 100;

inline Error too_many_workspaces() {
  return {ErrorCode::kConflict,
          "somebody is in at most " + std::to_string(kWorkspacesPerUserMax) + " workspaces"};
}

}  // namespace flowsell::api
