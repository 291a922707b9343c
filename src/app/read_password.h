#pragma once

#include "core/error.h"
#include "core/sensitive.h"

namespace flowsell::app {

/// A new password for somebody who is made by a command: from CONNECTD_INIT_PASSWORD, else typed
/// twice at the terminal without showing, else the first line of the standard input. Never from the
/// command line, which every user of the machine can read.
Result<Secret> read_password();

}  // namespace flowsell::app
