#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "store/database.h"

namespace flowsell::accounts {

Result<> insert_acceptance(store::Connection& db, const UserId& user,
                           const TermsAcceptance& acceptance, std::string_view address);
/// Newest first.
Result<std::vector<TermsAcceptance>> list_acceptances(store::Connection& db, const UserId& user);
Result<std::optional<TermsAcceptance>> find_acceptance(store::Connection& db, const UserId& user,
                                                       std::string_view version);

}  // namespace flowsell::accounts
