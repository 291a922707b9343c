#include "privacy/export.h"

#include <span>

#include "audit/audit_log.h"
#include "erasure.h"
#include "json/writer.h"
#include "mail/queue.h"
#include "messaging/render.h"
#include "recipient_rows.h"
#include "rows.h"

namespace flowsell::privacy {
namespace {

using store::Param;
using store::Sql;

constexpr std::size_t kPage = 1000;

const Sql kKeysMadeBy("SELECT id FROM api_keys WHERE workspace_id = ?1 AND created_by = ?2");
const Sql kInvitationsTo(
    "SELECT id, created_at, expires_at FROM invitations WHERE workspace_id = ?1 AND email = ?2");

const Sql kConsentsOf(
    "SELECT id, purpose, source, obtained_at, recorded_by, withdrawn_at FROM consents WHERE "
    "workspace_id = ?1 AND contact_hash = ?2 ORDER BY id");

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

/// A line around a JSON value.
void append_line(std::string& out, std::string_view type, std::string_view json) {
  json::Writer line;
  line.begin_object().key("type").string(type).key("data").raw(json).end_object();
  out.append(line.text()).append("\n");
}

/// Of a chain those events that match.
Result<> append_events(store::Connection& db, audit::Query query, std::string& out) {
  query.limit = kPage;
  while (true) {
    TRY(const auto page, audit::list(db, query));
    for (const audit::Event& event : page.rows)
      append_line(out, "audit_event", audit::render(event));
    if (!page.has_more || !page.next) return {};
    query.after = page.next;
  }
}

Result<> append_events_about(store::Connection& db, const std::string& scope, const UserId& user,
                             std::string& out) {
  audit::Query by;
  by.scope = scope;
  by.actor_id = user.str();
  CHECK_OK(append_events(db, by, out));
  audit::Query about;
  about.scope = scope;
  about.target = user.str();
  return append_events(db, about, out);
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

Result<std::string> account_lines(store::Connection& db, const crypto::RotatingKeys& spool,
                                  const UserId& user) {
  TRY(const std::string email, email_of(db, user));
  if (email.empty()) return fail(ErrorCode::kNotFound, "there is no such account any more");
  std::string out;
  for (const HeldTable& table : inventory()) {
    if (table.place == Place::kShared && !table.user_column.empty())
      CHECK_OK(append_rows(db, table, table.user_column, user, out));
  }
  CHECK_OK(append_mails(db, spool, email, out));
  audit::Query own;
  own.scope = user.blob();
  CHECK_OK(append_events(db, own, out));
  CHECK_OK(append_events_about(db, audit::system_scope(), user, out));
  return out;
}

Result<> append_member_rows(store::Connection& db, const UserId& user, const WorkspaceId& workspace,
                            std::string& out) {
  for (const HeldTable& table : inventory()) {
    if (table.place == Place::kCell && !table.user_column.empty())
      CHECK_OK(append_rows(db, table, table.user_column, user, out, &workspace));
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

Result<std::string> member_lines(store::Connection& db, const accounts::User& user,
                                 const WorkspaceId& workspace) {
  std::string out;
  CHECK_OK(append_member_rows(db, user.id, workspace, out));
  CHECK_OK(append_keys(db, workspace, user.id, out));
  CHECK_OK(append_invitations_to(db, workspace, user.email, out));
  CHECK_OK(append_events_about(db, std::string(workspace.blob()), user.id, out));
  return out;
}

Result<std::string> message_lines(store::Connection& db, const WorkspaceId& workspace,
                                  std::span<const MessageId> ids) {
  std::string out;
  for (const MessageId& id : ids) {
    TRY(const auto row, messaging::find_message(db, workspace, id));
    if (row) append_line(out, "message", messaging::render_message(*row, {}));
  }
  return out;
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

Result<std::string> consent_lines(store::Connection& db, const DataRequest& request) {
  std::string out;
  if (request.contact_hash.empty()) return out;
  CHECK_OK(
      db.query(kConsentsOf, {request.workspace, Param::blob(request.contact_hash)},
               [&out](const store::Row& row) { append_line(out, "consent", consent_json(row)); }));
  return out;
}

}  // namespace

Task<std::string> export_account(store::Database& shared, const crypto::RotatingKeys& spool,
                                 DataRequest request, Time now, std::vector<std::string> more) {
  json::Writer head = head_of(request, now);
  head.key("user_id").string(request.user.str()).key("more").begin_array();
  for (const std::string& each : more) head.string(each);
  head.end_array();
  CO_TRY(const std::string lines, co_await shared.read([&](store::Connection& db) {
    return account_lines(db, spool, request.user);
  }));
  co_return line_of(std::move(head)) + lines;
}

Task<std::string> export_member(store::Database& cell, DataRequest request, accounts::User user,
                                WorkspaceId workspace, Time now) {
  json::Writer head = head_of(request, now);
  head.key("user_id").string(user.id.str()).key("workspace_id").string(workspace.str());
  CO_TRY(const std::string lines, co_await cell.read([&](store::Connection& db) {
    return member_lines(db, user, workspace);
  }));
  co_return line_of(std::move(head)) + lines;
}

Task<std::string> export_recipient(store::Database& cell, DataRequest request, Time now) {
  json::Writer head = head_of(request, now);
  head.key("workspace_id").string(request.workspace.str());
  head.key("recipient").string(request.recipient);
  CO_TRY(const RecipientRows rows, co_await rows_of_recipient(cell, request));
  std::string out = line_of(std::move(head));
  for (std::size_t at = 0; at < rows.messages.size(); at += kPage) {
    const auto some =
        std::span(rows.messages).subspan(at, std::min(kPage, rows.messages.size() - at));
    CO_TRY(const std::string lines, co_await cell.read([&](store::Connection& db) {
      return message_lines(db, request.workspace, some);
    }));
    out += lines;
  }
  for (const EventRow& event : rows.events) {
    append_line(out, "event",
                "{\"id\":" + json::quoted(event.id.str()) + ",\"message\":{" + event.body + "}}");
  }
  CO_TRY(const std::string consents, co_await cell.read([&request](store::Connection& db) {
    return consent_lines(db, request);
  }));
  co_return out + consents;
}

}  // namespace flowsell::privacy
