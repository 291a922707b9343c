#pragma once

#include <span>

#include "sqlite_connection.h"

namespace flowsell::store {

/// Database::migrate() for SQLite, while no transaction is open.
Result<> apply_migrations(SqliteConnection& db, std::span<const Migration> migrations);

}  // namespace flowsell::store
