#pragma once

#include "accounts/accounts.h"
#include "accounts/schema.h"
#include "audit/audit_log.h"
#include "consent/consents.h"
#include "consent/schema.h"
#include "mail/schema.h"
#include "messaging_world.h"
#include "operators/openings.h"
#include "operators/operators.h"
#include "operators/schema.h"
#include "passkeys/passkeys.h"
#include "passkeys/schema.h"
#include "sso/schema.h"
#include "sso/single_sign_on.h"
#include "team/key_desk.h"
#include "team/members.h"
#include "team/policies.h"
#include "team/schema.h"
#include "team/settings_desk.h"
#include "team/support_sessions.h"

namespace flowsell {

inline std::vector<testkit::Migrations> people_tables() {
  return {mail::migrations(),      accounts::migrations(), team::migrations(),    sso::migrations(),
          operators::migrations(), consent::migrations(),  passkeys::migrations()};
}

/// Accounts and teams on the world's database.
struct PeopleWorld {
  PeopleWorld(messaging::MessagingWorld& world, identity::ApiKeys& keys)
      : accounts({*world.db, passwords, *world.spool, world.ring, world.ids, world.clock, [] {}},
                 {.public_url = "https://connect.example"}),
        members(*world.db, world.ids, world.clock),
        key_desk(*world.db, keys, world.idempotency, world.ids, world.clock),
        settings_desk(*world.db, world.workspaces, {}, world.ids, world.clock),
        sso({*world.db, accounts, world.pool, guard, ring, world.ids, world.clock},
            sso::dns_lookup(std::nullopt), {}, "https://connect.example"),
        passkeys({*world.db, accounts, world.ids, world.clock},
                 passkeys::RelyingParty::of("https://connect.example", "")),
        support_sessions(*world.db, world.idempotency, world.ids, world.clock),
        operators(*world.db, world.ids, world.clock),
        openings(*world.db, world.ids, world.clock),
        policies(*world.db, world.ids, world.clock),
        consents(*world.db, world.idempotency, world.ids, world.clock) {}
  ~PeopleWorld() { passwords.stop(); }

  accounts::Passwords passwords{{1, std::size_t{8} << 10}, 1};
  accounts::Accounts accounts;
  team::Members members;
  team::KeyDesk key_desk;
  team::SettingsDesk settings_desk;
  std::shared_ptr<http::EgressGuard> guard =
      std::make_shared<http::EgressGuard>(http::EgressOptions{});
  crypto::KeyRing ring = *crypto::KeyRing::from_hex(Secret(std::string(64, 'a')));
  sso::SingleSignOn sso;
  passkeys::Passkeys passkeys;
  team::SupportSessions support_sessions;
  operators::Operators operators;
  operators::Openings openings;
  team::Policies policies;
  consent::Consents consents;
};

}  // namespace flowsell
