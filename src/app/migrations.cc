#include "migrations.h"

#include "accounts/schema.h"
#include "audit/audit_log.h"
#include "cluster/schema.h"
#include "connections/schema.h"
#include "consent/schema.h"
#include "identity/workspaces.h"
#include "mail/schema.h"
#include "media/schema.h"
#include "messaging/schema.h"
#include "metering/metering.h"
#include "numbers/schema.h"
#include "onboarding/schema.h"
#include "operators/schema.h"
#include "outbox/job_table.h"
#include "passkeys/schema.h"
#include "privacy/schema.h"
#include "recovery/schema.h"
#include "sso/schema.h"
#include "store/copy.h"
#include "store/growing_table.h"
#include "store/postgres.h"
#include "store/restores.h"
#include "team/schema.h"
#include "templates/schema.h"
#include "vault/root_keys.h"
#include "webhook/schema.h"

namespace flowsell::app {

std::vector<store::Migration> cell_migrations() {
  return store::merge_migrations(
      {identity::migrations(), store::restore_migrations(), store::copy_migrations(),
       store::partition_migrations(), metering::migrations(), outbox::migrations(),
       webhook::migrations(), messaging::migrations(), connections::migrations(),
       numbers::migrations(), media::migrations(), templates::migrations(), audit::migrations(),
       team::migrations(), consent::migrations(), onboarding::migrations(),
       store::adoption_migrations()});
}

std::vector<store::Migration> shared_migrations() {
  return store::merge_migrations({cluster::migrations(), audit::migrations(), mail::migrations(),
                                  vault::migrations(), accounts::migrations(),
                                  privacy::migrations(), sso::migrations(), operators::migrations(),
                                  passkeys::migrations(), recovery::migrations()});
}

std::vector<store::Migration> all_migrations() {
  const auto cell = cell_migrations();
  return store::merge_migrations(
      {cell, mail::migrations(), vault::migrations(), accounts::migrations(), privacy::migrations(),
       sso::migrations(), operators::migrations(), passkeys::migrations(), recovery::migrations()});
}

Result<std::unique_ptr<store::Database>> open_shared_postgres(const Secret& conninfo,
                                                              std::size_t readers, bool rewrites) {
  TRY(auto shared,
      store::open_postgres(
          {.conninfo = conninfo, .readers = readers, .rewrites = rewrites, .is_shared = true}));
  CHECK_OK(shared->migrate(shared_migrations()));
  return shared;
}

}  // namespace flowsell::app
