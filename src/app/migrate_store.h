#pragma once

#include <string>

#include "config/settings.h"
#include "core/error.h"
#include "core/time.h"

namespace flowsell::app {

/// `connectd migrate-store`: copies the SQLite database of a data folder to an empty PostgreSQL one
/// and compares the two row for row. The SQLite file is then renamed, so that nobody starts on it
/// and sends again what the other one sends. After a crash it can be called again, and until it has
/// ended no server starts on the target.
///
/// `from`: "sqlite:FOLDER" or empty, which is data.dir. `to`: "postgres://..." or empty, which is
/// database.url. Gives what is printed at the end.
Result<std::string> migrate_store(const config::Settings& settings, const std::string& from,
                                  const Secret& to, Time now);

}  // namespace flowsell::app
