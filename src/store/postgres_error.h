#pragma once

#include <string_view>

#include "core/error.h"

namespace flowsell::store {

/// What a failure means for the caller, by its SQLSTATE (PostgreSQL's documentation, appendix A;
/// empty: libpq gave none, which is a lost connection): kStoreUnavailable (try again) for what lies
/// with the server, kInternal for what lies with the statement. `message` is passed on only where
/// it can't hold values.
Error postgres_error(std::string_view sqlstate, std::string_view message);

/// The transaction was only in another one's way: the same again may succeed.
bool is_lost_race(std::string_view sqlstate);

}  // namespace flowsell::store
