#include "mail/schema.h"

#include <array>

namespace flowsell::mail {
namespace {

// `due`: from when on somebody may claim it; of one that is claimed, when the claim is over. NULL
// once its end is known.
constexpr std::array kMigrations = {store::Migration{.number = 80,
                                                     .name = "mails",
                                                     .sql = R"sql(
CREATE TABLE mails (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  state INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  due INTEGER,
  attempts INTEGER NOT NULL,
  claimed_by BLOB,
  key_id INTEGER,
  sealed BLOB,
  code INTEGER,
  reason TEXT,
  settled_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX mails_due ON mails (due) WHERE due IS NOT NULL;
CREATE INDEX mails_settled ON mails (settled_at) WHERE settled_at IS NOT NULL;
)sql",
                                                     .expands = true}};

}  // namespace

std::span<const store::Migration> migrations() { return kMigrations; }

}  // namespace flowsell::mail
