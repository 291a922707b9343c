#pragma once

#include <string>
#include <string_view>

#include "graph_call.h"
#include "runtime/task.h"

namespace flowsell::graph_door {

/// Puts a call that may change something at the provider on the workspace's record, before it is
/// made. `edge`: what of `target` it is about; empty: itself.
Task<> record_call(const GraphCall& call, std::string target, std::string edge);

}  // namespace flowsell::graph_door
