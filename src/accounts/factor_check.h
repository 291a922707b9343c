#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/accounts.h"
#include "accounts/user.h"
#include "audit/event.h"
#include "core/sensitive.h"
#include "store/database.h"

namespace flowsell::accounts {

/// Somebody's try to prove a second factor. He has proven the password, or has a session, or an
/// identity provider vouches for him.
struct FactorTry {
  User user;
  Secret code;             ///< of the authenticator, or a recovery code; may be empty
  std::string counted_by;  ///< which caller it is: others don't use up his tries
  audit::Origin from;
  std::string_view who = "who knows your password";  ///< what mails say of him
};

struct FactorCheck {
  enum class End {
    kNone,     ///< the user has no second factor
    kPassed,   ///< and the code is used up
    kMissing,  ///< a code is needed
    kWrong,    ///< it is wrong, or was used; the try is counted
    kWait,     ///< too many wrong ones: the code was not looked at
  };
  End end = End::kNone;
  std::chrono::seconds wait{0};

  bool lets_in() const { return end == End::kNone || end == End::kPassed; }
};

/// Takes the code in the open transaction, counts the try, and tells the user by mail of what he
/// should hear of: a recovery code that was used, and too many wrong codes.
Result<FactorCheck> check_second_factor(store::Connection& db, const Accounts::Rooms& rooms,
                                        const FactorTry& with);
/// Puts on record that a right password came without a code. On a device that the account does not
/// know (counted_by is empty) it may be a thief's: the user hears of it, once a day.
Result<> record_missing_code(store::Connection& db, const Accounts::Rooms& rooms,
                             const FactorTry& with);
/// kMissing, kWrong and kWait as answers.
Error refusal_of(const FactorCheck& check);

}  // namespace flowsell::accounts
