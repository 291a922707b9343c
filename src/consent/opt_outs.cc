#include "consent/opt_outs.h"

#include "core/encoding.h"

namespace flowsell::consent {
namespace {

using store::Param;
using store::Sql;

const Sql kRecord(
    "INSERT INTO marketing_choices (workspace_id, sender_id, contact_hash, stopped, chosen_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (workspace_id, sender_id, contact_hash) DO UPDATE SET "
    "stopped = excluded.stopped, chosen_at = excluded.chosen_at WHERE excluded.chosen_at >= "
    "marketing_choices.chosen_at");
const Sql kHas(
    "SELECT 1 FROM marketing_choices WHERE workspace_id = ?1 AND sender_id = ?2 AND contact_hash = "
    "?3 AND stopped = 1");

}  // namespace

Result<> record_choice(store::Connection& db, const OptOutKey& key, bool stopped, Time at) {
  return db.write(
      kRecord, {key.workspace, key.sender, Param::blob(as_text(key.contact)), stopped ? 1 : 0, at});
}

Result<bool> has_opted_out(store::Connection& db, const OptOutKey& key) {
  bool has = false;
  CHECK_OK(db.query(kHas, {key.workspace, key.sender, Param::blob(as_text(key.contact))},
                    [&has](const store::Row&) { has = true; }));
  return has;
}

Result<std::vector<bool>> have_opted_out(store::Connection& db, const WorkspaceId& workspace,
                                         const SenderId& sender,
                                         std::span<const std::array<std::uint8_t, 16>> contacts) {
  std::vector<bool> have(contacts.size());
  std::vector<Param> params;
  params.reserve(contacts.size() * 3);
  for (const auto& each : contacts)
    params.insert(params.end(), {workspace, sender, Param::blob(as_text(each))});
  CHECK_OK(db.query_each(kHas, params, 3,
                         [&have](std::size_t at, const store::Row&) { have[at] = true; }));
  return have;
}

}  // namespace flowsell::consent
