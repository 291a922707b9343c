#pragma once

namespace flowsell::app {

/// A process that holds message content leaves none of it behind when it dies: no core dump, no
/// reading of its memory by other processes of its user.
void forbid_core_dumps();

}  // namespace flowsell::app
