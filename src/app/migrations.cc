#include "migrations.h"

#include "identity/workspaces.h"
#include "messaging/schema.h"
#include "metering/metering.h"
#include "outbox/job_table.h"
#include "store/copy.h"
#include "store/growing_table.h"
#include "store/restores.h"
#include "webhook/schema.h"

namespace flowsell::app {

std::vector<store::Migration> all_migrations() {
  return store::merge_migrations(
      {identity::migrations(), store::restore_migrations(), store::copy_migrations(),
       store::partition_migrations(), metering::migrations(), outbox::migrations(),
       webhook::migrations(), messaging::migrations(), store::adoption_migrations()});
}

}  // namespace flowsell::app
