#pragma once

#include <string>
#include <string_view>

#include "store/database.h"

namespace flowsell::store {

/// A statement's text for PostgreSQL: ?1 becomes $1, outside of quoted text.
std::string to_postgres(std::string_view statement);

/// The text of a migration for PostgreSQL: its own where it has one, else SQLite's with
/// PostgreSQL's types (BLOB is BYTEA, INTEGER is BIGINT) and without STRICT and WITHOUT ROWID.
std::string postgres_statements_of(const Migration& migration);

/// A name as it stands in a statement, whatever characters it has.
std::string quoted_identifier(std::string_view name);

}  // namespace flowsell::store
