#include "support_render.h"

#include "json/writer.h"
#include "render.h"

namespace flowsell::api {

std::string render(const team::SupportSession& session, const accounts::User* who, Time now) {
  json::Writer out;
  out.begin_object().key("id").string(session.id.str()).key("object").string("support_session");
  out.key("workspace_id").string(session.workspace.str());
  out.key("operator").begin_object().key("id").string(session.user.str());
  write_text(out, "name", who == nullptr ? std::string_view() : std::string_view(who->name));
  out.end_object().key("status").string(team::status_name(session.status(now)));
  out.key("category").string(team::category_name(session.category));
  out.key("reason").string(session.reason);
  write_text(out, "ticket", session.ticket);
  write_scopes(out, "reads", session.reads);
  write_scopes(out, "writes", session.writes);
  out.key("minutes").integer(
      std::chrono::duration_cast<std::chrono::minutes>(session.span).count());
  out.key("created_at").string(format_time(session.created_at));
  write_text(out, "approved_by", session.approved_by);
  write_time(out, "approved_at", session.approved_at);
  out.key("expires_at").string(format_time(session.expires_at));
  write_text(out, "ended_by", session.ended_by);
  write_time(out, "ended_at", session.ended_at);
  out.end_object();
  return std::move(out).take();
}

}  // namespace flowsell::api
