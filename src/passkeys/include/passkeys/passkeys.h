#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "core/sensitive.h"
#include "crypto/hash.h"
#include "passkeys/ceremony.h"
#include "passkeys/passkey.h"
#include "passkeys/relying_party.h"
#include "runtime/task.h"
#include "store/database.h"

namespace flowsell::passkeys {

/// People's passkeys: how they are made, and how one signs in with them (WebAuthn Level 3).
/// Thread-safe, and on the tables that all replicas share: one may begin what another finishes.
///
/// All fail with kNotFound where browsers make no passkeys for this server's address.
class Passkeys {
 public:
  static constexpr std::chrono::minutes kChallengeLife{5};
  static constexpr std::int64_t kOfAUserMax = 20;

  struct Rooms {
    store::Database& db;
    accounts::Accounts& accounts;
    IdSource& ids;
    const Clock& clock;
  };
  /// `party`: nullopt where there are none for this server's address.
  Passkeys(Rooms rooms, std::optional<RelyingParty> party);

  /// What the browser is to make, as JSON. With proof, since a passkey signs in whatever becomes of
  /// the password: fails as Accounts::confirm(), with kSecondFactorRequired (the user has a second
  /// factor, and the session was not confirmed by one), kConflict (kOfAUserMax) and kRateLimited.
  Task<std::string> begin(accounts::Session by, Secret password, audit::Origin from);
  /// What it has made, for the challenge of begin() in the same session. Fails with kInvalidRequest
  /// (the name; refused_registration()), kConflict (the credential is somebody's; kOfAUserMax),
  /// kSecondFactorRequired and kInvalidSession.
  Task<Passkey> add(accounts::Session by, std::string name, RegistrationAnswer answer,
                    audit::Origin from);
  /// The oldest first.
  Task<std::vector<Passkey>> of(UserId user) const;
  /// Fails with kNotFound and kInvalidRequest.
  Task<Passkey> rename(accounts::Session by, PasskeyId id, std::string name, audit::Origin from);
  /// The sessions that it has made end. Fails with kNotFound.
  Task<> remove(accounts::Session by, PasskeyId id, audit::Origin from);

  struct Begun {
    std::string options;  ///< what the browser is to be asked, as JSON
    Secret browser;       ///< for the attempt's cookie
  };
  /// Nothing is asked of who wants to sign in, and nothing is told. `browser`: what the browser has
  /// from a beginning that is not finished yet, or empty: several tabs may be at it. Fails with
  /// kRateLimited.
  Task<Begun> begin_sign_in(Secret browser, audit::Origin from);
  /// The challenge is gone afterwards, however this ends. Fails with kInvalidPasskey and
  /// kRateLimited.
  Task<accounts::Accounts::SignedIn> sign_in(AssertionAnswer answer, Secret browser, Secret device,
                                             audit::Origin from);

  /// For Accounts::Rooms.
  static Result<std::int64_t> count_in(store::Connection& db, const UserId& user);

  /// Deletes what time has ended.
  Task<> tidy();

 private:
  Result<const RelyingParty*> party() const;
  Task<> take(const std::string& client_data, crypto::Digest bound_to, Error refused);
  Result<std::optional<Error>> may_add(store::Connection& db, const accounts::Session& by) const;
  Task<Passkey> owner_of(const AssertionAnswer& answer, const Assertion& assertion,
                         const audit::Origin& from);
  Result<std::optional<Fault>> count(store::Connection& db, const Passkey& passkey,
                                     const Assertion& assertion, const audit::Origin& from) const;
  Result<> warn(store::Connection& db, const Passkey& passkey, const audit::Origin& from) const;
  audit::Act act_of(const Passkey& passkey, const audit::Origin& from, std::string name) const;

  Rooms rooms_;
  const std::optional<RelyingParty> party_;
};

}  // namespace flowsell::passkeys
