#include "privacy/export.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "audit/audit_log.h"
#include "erasure.h"
#include "export_sections.h"
#include "json/writer.h"
#include "mail/queue.h"
#include "messaging/render.h"
#include "recipient_rows.h"
#include "webhook/event_type.h"

namespace flowsell::privacy {
namespace {

using store::Param;
using store::Sql;

constexpr std::int64_t kLookedThrough = 5000;

#define IS_ABOUT "(m.contact_hash = ?4 OR e.contact_hash = ?4)"
const Sql kEvents(
    "SELECT e.id, CASE WHEN " IS_ABOUT " THEN 1 ELSE 0 END, CASE WHEN " IS_ABOUT
    " THEN e.body END, e.type FROM (SELECT id, subject, body, contact_hash, type FROM events WHERE "
    "workspace_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3) AS e LEFT JOIN messages AS m ON "
    "m.workspace_id = ?1 AND m.id = "
    "e.subject ORDER BY e.id");
#undef IS_ABOUT

const Sql kKeysMadeBy("SELECT id FROM api_keys WHERE workspace_id = ?1 AND created_by = ?2");
const Sql kInvitationsTo(
    "SELECT id, created_at, expires_at FROM invitations WHERE workspace_id = ?1 AND email = ?2");

const Sql kConsentsOf(
    "SELECT id, purpose, source, obtained_at, recorded_by, withdrawn_at FROM consents WHERE "
    "workspace_id = ?1 AND contact_hash = ?2 ORDER BY id");

const Sql kChoicesOf(
    "SELECT sender_id, stopped, chosen_at FROM marketing_choices WHERE workspace_id = ?1 AND "
    "contact_hash = ?2");
const Sql kWindowsOf(
    "SELECT sender_id, last_inbound_at, entry_point_at FROM conversation_windows WHERE "
    "workspace_id = ?1 AND contact_hash = ?2");

json::Writer head_of(const DataRequest& request, Time now) {
  json::Writer out;
  out.begin_object().key("type").string("export").key("data").begin_object();
  out.key("id").string(request.id.str()).key("subject").string(subject_name(request.subject));
  out.key("made_at").string(format_time(now));
  return out;
}
std::string line_of(json::Writer out) {
  out.end_object().end_object();
  return std::move(out).take() + "\n";
}

Result<> append_mails(store::Connection& db, const crypto::RotatingKeys& spool,
                      std::string_view email, std::string& out) {
  TRY(const auto mails, mail::waiting_for(db, spool, email));
  for (const mail::WaitingMail& each : mails) {
    json::Writer data;
    data.begin_object().key("id").string(mail::mail_id_text(each.id));
    data.key("kind").string(mail::mail_kind_name(each.kind));
    data.key("created_at").string(format_time(each.created_at));
    data.key("expires_at").string(format_time(each.expires_at)).end_object();
    append_line(out, "waiting_mail", data.text());
  }
  return {};
}

Result<> append_keys(store::Connection& db, const WorkspaceId& workspace, const UserId& user,
                     std::string& out) {
  return db.query(kKeysMadeBy, {workspace, user.str()}, [&out](const store::Row& row) {
    append_line(out, "api_key_made", "{\"id\":" + json::quoted(row.id<ApiKeyId>(0).str()) + "}");
  });
}

Result<> append_invitations_to(store::Connection& db, const WorkspaceId& workspace,
                               const std::string& email, std::string& out) {
  return db.query(kInvitationsTo, {workspace, email}, [&](const store::Row& row) {
    json::Writer data;
    data.begin_object().key("id").string(row.id<InvitationId>(0).str()).key("email").string(email);
    data.key("created_at").string(format_time(row.time(1)));
    data.key("expires_at").string(format_time(row.time(2))).end_object();
    append_line(out, "invitation_received", data.text());
  });
}

std::string consent_json(const store::Row& row) {
  json::Writer out;
  out.begin_object().key("id").string(row.id<ConsentId>(0).str());
  out.key("purpose").string(row.text(1)).key("source").string(row.text(2));
  out.key("obtained_at").string(format_time(row.time(3)));
  out.key("recorded_by").string(row.text(4));
  if (!row.is_null(5)) out.key("withdrawn_at").string(format_time(row.time(5)));
  out.end_object();
  return std::move(out).take();
}

std::string choice_json(const store::Row& row) {
  json::Writer out;
  out.begin_object().key("sender_id").string(row.id<SenderId>(0).str());
  out.key("marketing").string(row.integer(1) != 0 ? "stop" : "resume");
  out.key("chosen_at").string(format_time(row.time(2))).end_object();
  return std::move(out).take();
}

std::string window_json(const store::Row& row) {
  json::Writer out;
  out.begin_object().key("sender_id").string(row.id<SenderId>(0).str());
  out.key("last_inbound_at").string(format_time(row.time(1)));
  if (!row.is_null(2)) out.key("entry_point_at").string(format_time(row.time(2)));
  out.end_object();
  return std::move(out).take();
}

audit::Query events_of(std::string_view scope) {
  audit::Query query;
  query.scope = scope;
  return query;
}
/// Those that he did, and those whose personal data is about him: what a deletion erases.
Section events_about(store::Database& db, std::string_view scope, const AccountSubject& account) {
  const std::string user = account.user.str();
  auto is_wanted = [account, user](const RecordRow& row) {
    return row.actor_id == user || account.is_named_in(row.target, row.personal);
  };
  return events_that(db, std::string(scope), user, std::move(is_wanted));
}

template <class F>
Section at_once(store::Database& db, F append) {
  auto read = [append = std::move(append)](store::Connection& connection, std::string& at,
                                           std::string& out) -> Result<> {
    at.clear();
    return append(connection, out);
  };
  return {&db, std::move(read)};
}

// --- a number ---

/// Some thousand messages of the workspace are looked through, for those of the number.
Result<> messages_step(store::Connection& db, const DataRequest& request, std::string& at,
                       std::string& out) {
  MessageScan scan{request.workspace, request.contact_hash};
  if (!at.empty()) {
    TRY(scan.behind, MessageId::parse(at));
  }
  TRY(const bool more, scan.read_some(db));
  for (const MessageId& id : scan.found) {
    TRY(const auto row, messaging::find_message(db, request.workspace, id));
    if (row) append_line(out, "message", messaging::render_message(*row, {}));
  }
  at = more ? scan.behind.str() : std::string();
  return {};
}

/// The same of events about such messages.
Result<> events_step(store::Connection& db, const DataRequest& request, std::string& at,
                     std::string& out) {
  EventId behind;
  if (!at.empty()) {
    TRY(behind, EventId::parse(at));
  }
  std::int64_t seen = 0;
  CHECK_OK(db.query(
      kEvents, {request.workspace, behind, kLookedThrough, Param::blob(request.contact_hash)},
      [&](const store::Row& row) {
        ++seen;
        behind = row.id<EventId>(0);
        if (row.integer(1) == 0) return;
        append_line(out, "event",
                    "{\"id\":" + json::quoted(behind.str()) + "," +
                        json::quoted(
                            webhook::object_name(static_cast<webhook::EventType>(row.integer(3)))) +
                        ":{" + std::string(row.text(2)) + "}}");
      }));
  at = seen < kLookedThrough ? std::string() : behind.str();
  return {};
}

/// What it agreed to, what it chose in WhatsApp, and when it wrote last.
Result<> append_choices(store::Connection& db, const DataRequest& request, std::string& out) {
  const Param hash = Param::blob(request.contact_hash);
  CHECK_OK(db.query(kConsentsOf, {request.workspace, hash}, [&out](const store::Row& row) {
    append_line(out, "consent", consent_json(row));
  }));
  CHECK_OK(db.query(kChoicesOf, {request.workspace, hash}, [&out](const store::Row& row) {
    append_line(out, "marketing_choice", choice_json(row));
  }));
  return db.query(kWindowsOf, {request.workspace, hash}, [&out](const store::Row& row) {
    append_line(out, "conversation_window", window_json(row));
  });
}

// --- a workspace ---

/// Whose rows go by their ids: there may be millions.
constexpr std::array<std::string_view, 4> kLarge = {"messages", "events", "deliveries", "consents"};

void add_tables_of_workspace(std::vector<Section>& to, store::Database& db, Place place,
                             const WorkspaceId& workspace) {
  for (const HeldTable& table : inventory()) {
    if (table.place != place || table.workspace_column.empty() || table.columns.empty()) continue;
    const bool is_large = std::ranges::find(kLarge, table.name) != kLarge.end();
    to.push_back(
        is_large ? table_by_id(db, table, workspace)
                 : whole_table(db, table, table.workspace_column, std::string(workspace.blob())));
  }
}

}  // namespace

Task<ExportPart> export_account(store::Database& shared, const crypto::RotatingKeys& spool,
                                DataRequest request, Time now, std::vector<std::string> more,
                                ExportCursor from) {
  const UserId user = request.user;
  CO_TRY(const AccountSubject account, co_await account_of(shared, user));
  const std::string& email = account.email;
  if (email.empty()) co_return fail(ErrorCode::kNotFound, "there is no such account any more");
  json::Writer head = head_of(request, now);
  head.key("user_id").string(user.str()).key("more").begin_array();
  for (const std::string& each : more) head.string(each);
  head.end_array();
  std::vector<Section> sections;
  for (const HeldTable& table : inventory()) {
    if (table.place == Place::kShared && !table.user_column.empty())
      sections.push_back(whole_table(shared, table, table.user_column, std::string(user.blob())));
  }
  sections.push_back(at_once(shared, [&](store::Connection& db, std::string& out) {
    return append_mails(db, spool, email, out);
  }));
  sections.push_back(audit_events(shared, events_of(user.blob())));
  for (const std::string& scope : {audit::system_scope(), audit::operators_scope()})
    sections.push_back(events_about(shared, scope, account));
  co_return co_await read_part(std::move(sections), std::move(from), line_of(std::move(head)));
}

Task<ExportPart> export_member(store::Database& cell, DataRequest request, accounts::User user,
                               std::vector<std::string> former, WorkspaceId workspace, Time now,
                               ExportCursor from) {
  const AccountSubject account{user.id, user.email, std::move(former)};
  json::Writer head = head_of(request, now);
  head.key("user_id").string(user.id.str()).key("workspace_id").string(workspace.str());
  std::vector<Section> sections;
  for (const HeldTable& table : inventory()) {
    if (table.place == Place::kCell && !table.user_column.empty()) {
      sections.push_back(
          whole_table(cell, table, table.user_column, std::string(user.id.blob()), workspace));
    }
  }
  sections.push_back(at_once(cell, [&](store::Connection& db, std::string& out) -> Result<> {
    CHECK_OK(append_keys(db, workspace, user.id, out));
    for (const std::string& address : account.addresses())
      CHECK_OK(append_invitations_to(db, workspace, address, out));
    return {};
  }));
  sections.push_back(events_about(cell, workspace.blob(), account));
  co_return co_await read_part(std::move(sections), std::move(from), line_of(std::move(head)));
}

Task<ExportPart> export_recipient(store::Database& cell, DataRequest request, Time now,
                                  ExportCursor from) {
  json::Writer head = head_of(request, now);
  head.key("workspace_id").string(request.workspace.str());
  head.key("recipient").string(request.recipient);
  std::vector<Section> sections;
  std::set<std::string> consents;
  // Forgotten since: nothing is known of it.
  if (!request.contact_hash.empty()) {
    sections.push_back({&cell, [&](store::Connection& db, std::string& at, std::string& out) {
                          return messages_step(db, request, at, out);
                        }});
    sections.push_back({&cell, [&](store::Connection& db, std::string& at, std::string& out) {
                          return events_step(db, request, at, out);
                        }});
  }
  sections.push_back(at_once(cell, [&](store::Connection& db, std::string& out) {
    return append_choices(db, request, out);
  }));
  if (!request.contact_hash.empty()) {
    auto read = [&](store::Connection& db) { return consents_of(db, request); };
    CO_TRY(consents, co_await cell.read(std::move(read)));
    auto is_wanted = [&consents](const RecordRow& row) {
      return consents.contains(std::string(row.target));
    };
    sections.push_back(events_that(cell, std::string(request.workspace.blob()), {}, is_wanted));
  }
  co_return co_await read_part(std::move(sections), std::move(from), line_of(std::move(head)));
}

Task<ExportPart> export_workspace(store::Database& shared, store::Database& cell,
                                  DataRequest request, Time now, ExportCursor from) {
  json::Writer head = head_of(request, now);
  head.key("workspace_id").string(request.workspace.str());
  std::vector<Section> sections;
  add_tables_of_workspace(sections, shared, Place::kShared, request.workspace);
  add_tables_of_workspace(sections, cell, Place::kCell, request.workspace);
  sections.push_back(audit_events(cell, events_of(request.workspace.blob())));
  co_return co_await read_part(std::move(sections), std::move(from), line_of(std::move(head)));
}

}  // namespace flowsell::privacy
