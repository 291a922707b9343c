#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/accounts.h"
#include "core/sensitive.h"
#include "oidc/client.h"
#include "runtime/task.h"
#include "sso/domains.h"
#include "sso/identity.h"
#include "sso/providers.h"
#include "store/database.h"

namespace flowsell::sso {

/// Where a browser may be sent afterwards: a path of this server, never another one's.
bool is_local_path(std::string_view text);

/// People who come by an identity provider: how that begins, who they are when they come back, and
/// which accounts belong to which identities. Thread-safe.
class SignIns {
 public:
  static constexpr std::chrono::minutes kAttemptLife{10};

  struct Rooms {
    store::Database& db;
    accounts::Accounts& accounts;
    Providers& providers;
    Domains& domains;
    oidc::Client& client;
    const Sealer& sealer;
    IdSource& ids;
    const Clock& clock;
  };
  /// `public_url`: what people's browsers call this server.
  SignIns(Rooms rooms, GlobalOptions globals, std::string public_url);

  struct Wanted {
    std::string provider;  ///< a key; or
    std::string email;     ///< an address, whose domain leads to a workspace's provider
    std::string return_to = "/";
    std::string terms_version;  ///< accepted, should this make an account; may be empty
  };
  struct Begun {
    std::string authorization_url;
    Secret browser;  ///< for the attempt's cookie
    Time expires_at;
  };
  /// Fails with kNotFound (whoever the address belongs to, if to anybody), kRateLimited,
  /// kInvalidRequest (return_to) and the faults of oidc::Client::begin().
  Task<Begun> begin(Wanted wanted, audit::Origin from);
  /// To link an identity to the account of who has signed in. Fails as begin().
  Task<Begun> begin_link(accounts::Session by, Wanted wanted, audit::Origin from);

  /// The provider of a key, ready to be asked. Fails with kNotFound.
  Task<OpenProvider> open(std::string key) const;
  /// Those of everybody.
  std::vector<Provider> globals() const;

  /// Who came back.
  struct Arrival {
    Provider provider;
    UserId user;
    IdentityId identity;
    std::string return_to;
    bool is_linked = false;  ///< an identity was linked; nobody signs in
    /// The provider's workspace has proven the address's domain: he may become a member.
    bool may_join = false;
  };
  /// The attempt is gone afterwards, however this ends. `signed_in`: who has a session in this
  /// browser already; none: nobody.
  ///
  /// Somebody unknown gets an account where the provider's word about his address is proof. An
  /// account that has the address already is never his by that: its owner links it himself.
  ///
  /// Fails with oidc's faults, kSsoNotAdmitted, kSsoLinkRequired, kInvalidSession and kConflict (of
  /// a link).
  Task<Arrival> finish(OpenProvider provider, Secret browser, UserId signed_in, std::string query,
                       audit::Origin from);
  /// Puts on the account's record that who came back was not let in.
  Task<> record_refused(Arrival arrival, Error why, audit::Origin from);
  struct Entered {
    /// nullopt: the provider is everybody's, and the account has a second factor. Its code is
    /// missing, for kAttemptLife: confirm().
    std::optional<accounts::Accounts::SignedIn> signed_in;
    Secret browser = Secret();  ///< then: for the attempt's cookie
  };
  /// The session. Fails with kNotFound: the provider was switched off meanwhile.
  Task<Entered> sign_in(Arrival arrival, Secret device, audit::Origin from);
  /// The same, once, with the code that was missing. Fails with kInvalidSession (nobody waits in
  /// this browser), kSecondFactorRequired, kInvalidSecondFactor and kRateLimited: then he still
  /// waits.
  Task<accounts::Accounts::SignedIn> confirm(Secret browser, Secret code, Secret device,
                                             audit::Origin from);

  /// The oldest first.
  Task<std::vector<Identity>> identities_of(UserId user) const;
  /// Sessions that rest on it end. Fails with kNotFound.
  Task<> unlink(accounts::Session by, IdentityId id, audit::Origin from);

  /// Deletes what time has ended.
  Task<> tidy();

 private:
  struct Known;
  Task<OpenProvider> choose(const Wanted& wanted) const;
  Task<Begun> start(Wanted wanted, UserId linked, audit::Origin from);
  Task<bool> is_proven(const Provider& provider, const oidc::Claims& claims) const;
  Task<Arrival> welcome(Arrival arrival, oidc::Claims claims, std::string terms_version,
                        audit::Origin from);
  Task<Arrival> refuse_tenant(Provider provider, oidc::Claims claims, audit::Origin from);
  Result<> record_refused(store::Connection& db, const Identity& identity, ErrorCode why,
                          const audit::Origin& from) const;
  Task<Entered> wait_for_code(const Arrival& arrival);
  Task<Arrival> link(Arrival arrival, oidc::Claims claims, audit::Origin from);
  Result<Known> make_account(store::Connection& db, const Arrival& arrival, const Identity& fresh,
                             const std::string& name, const std::string& terms_version,
                             const audit::Origin& from);
  Identity identity_of(const Provider& provider, const oidc::Claims& claims) const;
  audit::Act identity_act(const Identity& identity, const audit::Origin& from,
                          std::string name) const;

  Rooms rooms_;
  const GlobalOptions globals_;
  const std::string public_url_;
};

}  // namespace flowsell::sso
