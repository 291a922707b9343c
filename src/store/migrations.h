#pragma once

#include <span>

#include "driver.h"

namespace flowsell::store {

/// Database::migrate(), while no transaction is open. When several processes do it at once, one
/// applies and the others find it done.
Result<> apply_migrations(Writer& writer, std::span<const Migration> migrations);

/// Fails when the database is newer than the program, or has no migrations at all.
Result<> check_migrations(Connection& db, std::span<const Migration> known);

}  // namespace flowsell::store
