#pragma once

#include <string>

#include "config/settings.h"
#include "core/error.h"
#include "core/time.h"

namespace flowsell::app {

// Commands that end by themselves. Each gives what it prints when it has done its work.

/// `connectd backup`: copies the database of data.dir to `target`, beside a server that may run on
/// it. A folder gets a file named after the time. See store/backup.h, docs/operations/backup.md.
Result<std::string> back_up(const config::Settings& settings, const std::string& target, Time now);

/// `connectd restore`: puts the copy into data.dir, which has no database yet.
Result<std::string> restore(const config::Settings& settings, const std::string& backup, Time now);

}  // namespace flowsell::app
