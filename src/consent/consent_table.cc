#include "consent_table.h"

#include <cstring>

#include "core/encoding.h"
#include "store/page.h"

namespace flowsell::consent {
namespace {

using store::Param;
using store::Sql;

#define CONSENT_COLUMNS \
  "id, contact_hash, contact, purpose, source, obtained_at, recorded_by, withdrawn_at"
const Sql kInsert(
    "INSERT INTO consents (workspace_id, id, contact_hash, contact, purpose, source, obtained_at, "
    "recorded_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
const Sql kFind("SELECT " CONSENT_COLUMNS " FROM consents WHERE workspace_id = ?1 AND id = ?2");
const Sql kLive("SELECT " CONSENT_COLUMNS
                " FROM consents WHERE workspace_id = ?1 AND contact_hash = ?2 AND purpose = ?3 "
                "AND withdrawn_at IS NULL");
const Sql kHas(
    "SELECT 1 FROM consents WHERE workspace_id = ?1 AND contact_hash = ?2 AND purpose = ?3 AND "
    "withdrawn_at IS NULL");
const Sql kWithdraw(
    "UPDATE consents SET withdrawn_at = ?3 WHERE workspace_id = ?1 AND id = ?2 AND withdrawn_at "
    "IS NULL");
// ?5 and ?8: between which times they were withdrawn; one that is live counts as -1.
#define CONSENT_FILTER                                                     \
  "(purpose = ?4 OR ?4 IS NULL) AND coalesce(withdrawn_at, -1) >= ?5 AND " \
  "coalesce(withdrawn_at, -1) <= ?8 ORDER BY id "
// The inner query bounds the work of a page whose filters match little.
#define CONSENT_PAGE(order)                                                        \
  "SELECT " CONSENT_COLUMNS                                                        \
  " FROM (SELECT * FROM consents WHERE workspace_id = ?1 AND id < ?2 AND id > ?3 " \
  "ORDER BY id " order " LIMIT ?7) AS scanned WHERE " CONSENT_FILTER order " LIMIT ?6"
const Sql kPageDown(CONSENT_PAGE("DESC"));
const Sql kPageUp(CONSENT_PAGE("ASC"));
#undef CONSENT_PAGE
#define CONSENTS_OF_CONTACT(order)                                                        \
  "SELECT " CONSENT_COLUMNS                                                               \
  " FROM consents WHERE workspace_id = ?1 AND contact_hash = ?7 AND id < ?2 AND id > ?3 " \
  "AND " CONSENT_FILTER order " LIMIT ?6"
const Sql kOfContactDown(CONSENTS_OF_CONTACT("DESC"));
const Sql kOfContactUp(CONSENTS_OF_CONTACT("ASC"));
#undef CONSENTS_OF_CONTACT
#undef CONSENT_FILTER
#undef CONSENT_COLUMNS
const Sql kScanEndDown(FLOWSELL_SCAN_END("consents", "DESC"));
const Sql kScanEndUp(FLOWSELL_SCAN_END("consents", "ASC"));
constexpr store::ScanEnd kScanEnd{kScanEndDown, kScanEndUp};

Consent consent_of(const store::Row& row) {
  Consent consent;
  consent.id = row.id<ConsentId>(0);
  if (const auto hash = row.text(1); hash.size() == consent.contact.hash.size())
    std::memcpy(consent.contact.hash.data(), hash.data(), hash.size());
  consent.contact.masked = row.text(2);
  consent.purpose = row.text(3);
  consent.source = row.text(4);
  consent.obtained_at = row.time(5);
  consent.recorded_by = row.text(6);
  consent.withdrawn_at = row.optional_time(7);
  return consent;
}

Result<std::optional<Consent>> find_one(store::Connection& db, const Sql& sql,
                                        store::Params params) {
  std::optional<Consent> found;
  CHECK_OK(db.query(sql, params, [&found](const store::Row& row) { found = consent_of(row); }));
  return found;
}

/// When those that are asked for were withdrawn.
struct WithdrawnSpan {
  explicit WithdrawnSpan(const std::optional<bool>& withdrawn)
      : first(withdrawn.value_or(false) ? 0 : -1),
        last(withdrawn.value_or(true) ? INT64_MAX : -1) {}
  std::int64_t first, last;
};

/// Those of one contact are few, and found by an index: the page needs no bound on its search.
Result<ConsentPage> list_of_contact(store::Connection& db, const Query& q,
                                    const IdRange<ConsentId>& range, const WithdrawnSpan& span) {
  ConsentPage page;
  page.upwards = q.before && !q.after;
  CHECK_OK(db.query(
      page.upwards ? kOfContactUp : kOfContactDown,
      {q.workspace, range.below, range.above, q.purpose, span.first,
       static_cast<std::int64_t>(q.limit + 1), Param::blob(as_text(*q.contact)), span.last},
      [&page](const store::Row& row) { page.rows.push_back(consent_of(row)); }));
  page.cut(q.limit, &Consent::id);
  return page;
}

}  // namespace

Result<> insert_consent(store::Connection& db, const WorkspaceId& workspace,
                        const Consent& consent) {
  return db.write(kInsert, {workspace, consent.id, Param::blob(as_text(consent.contact.hash)),
                            consent.contact.masked, consent.purpose, consent.source,
                            consent.obtained_at, consent.recorded_by});
}

Result<std::optional<Consent>> find_consent(store::Connection& db, const WorkspaceId& workspace,
                                            const ConsentId& id) {
  return find_one(db, kFind, {workspace, id});
}

Result<std::optional<Consent>> find_live(store::Connection& db, const WorkspaceId& workspace,
                                         const Contact& contact, std::string_view purpose) {
  return find_one(db, kLive, {workspace, Param::blob(as_text(contact.hash)), purpose});
}

Result<> withdraw_consent(store::Connection& db, const WorkspaceId& workspace, const ConsentId& id,
                          Time now) {
  return db.write(kWithdraw, {workspace, id, now});
}

Result<bool> has_consent(store::Connection& db, const WorkspaceId& workspace,
                         const std::array<std::uint8_t, 16>& contact, std::string_view purpose) {
  bool has = false;
  CHECK_OK(db.query(kHas, {workspace, Param::blob(as_text(contact)), purpose},
                    [&has](const store::Row&) { has = true; }));
  return has;
}

Result<std::vector<bool>> have_consent(store::Connection& db, const WorkspaceId& workspace,
                                       std::span<const std::array<std::uint8_t, 16>> contacts,
                                       std::string_view purpose) {
  std::vector<bool> have(contacts.size());
  std::vector<Param> params;
  params.reserve(contacts.size() * 3);
  for (const auto& each : contacts)
    params.insert(params.end(), {workspace, Param::blob(as_text(each)), purpose});
  CHECK_OK(db.query_each(kHas, params, 3,
                         [&have](std::size_t at, const store::Row&) { have[at] = true; }));
  return have;
}

Result<ConsentPage> list_consents(store::Connection& db, const Query& q) {
  const auto range = IdRange<ConsentId>::of(q.after, q.before);
  const WithdrawnSpan span(q.withdrawn);
  if (q.contact) return list_of_contact(db, q, range, span);
  ConsentPage page;
  page.upwards = q.before && !q.after;
  CHECK_OK(db.query(page.upwards ? kPageUp : kPageDown,
                    {q.workspace, range.below, range.above, q.purpose, span.first,
                     static_cast<std::int64_t>(q.limit + 1), kPageScanMax, span.last},
                    [&page](const store::Row& row) { page.rows.push_back(consent_of(row)); }));
  CHECK_OK(store::end_page(db, page, q.limit, &Consent::id, kScanEnd, q.workspace, range.below,
                           range.above));
  return page;
}

}  // namespace flowsell::consent
