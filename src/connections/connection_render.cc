#include <algorithm>

#include "connections/connection_record.h"
#include "json/writer.h"

namespace flowsell::connections {
namespace {

using json::Writer;

std::string_view onboarding_status(const ConnectionRecord& record) {
  if (record.via == ConnectedVia::kSetUp || record.is_onboarded()) return "complete";
  return record.failed_step() != nullptr ? "action_required" : "in_progress";
}

void write_time(Writer& out, std::string_view name, const std::optional<Time>& time) {
  out.key(name).string_or_null(time ? format_time(*time) : "");
}

void write_failure(Writer& out, const StepRow& step) {
  out.optional_string("code", step.code).optional_string("fix", step.fix);
  out.optional_string("about", step.about);
  if (step.provider_code == 0) return;
  out.key("provider").begin_object().key("code").integer(step.provider_code);
  if (step.provider_subcode != 0) out.key("subcode").integer(step.provider_subcode);
  out.optional_string("trace_id", step.trace_id).end_object();
}

void write_step(Writer& out, const StepRow& step, ConnectionView view) {
  out.begin_object().key("name").string(step.name);
  out.key("state").string(step_state_name(step.state));
  if (step.state == StepState::kFailed) write_failure(out, step);
  if (step.at != Time{}) out.key("at").string(format_time(step.at));
  if (view == ConnectionView::kOperators) {
    out.key("by").string_or_null(step.by).key("note").string_or_null(step.note);
  }
  out.end_object();
}

void write_onboarding(Writer& out, const ConnectionRecord& record, ConnectionView view) {
  out.key("onboarding").begin_object().key("status").string(onboarding_status(record));
  out.key("steps").begin_array();
  if (record.via != ConnectedVia::kSetUp) {
    for (const ServerStep each : kServerSteps) {
      const StepRow* const step = record.step(step_name(each));
      StepRow pending;
      pending.name = step_name(each);
      write_step(out, step == nullptr ? pending : *step, view);
    }
  }
  for (const StepRow& step : record.steps)
    if (is_assisted_step(step.name)) write_step(out, step, view);
  out.end_array().end_object();
}

void write_funding(Writer& out, const ConnectionRecord& record, Time now, ConnectionView view) {
  out.key("funding_mode").string(funding_mode_name(record.funding_at(now)));
  out.key("funding_history").begin_array();
  for (const Funding& each : record.funding) {
    out.begin_object().key("mode").string(funding_mode_name(each.mode));
    out.key("effective_from").string(format_time(each.effective_from));
    if (view == ConnectionView::kOperators)
      out.key("set_by").string(each.set_by).key("set_at").string(format_time(each.set_at));
    out.end_object();
  }
  out.end_array();
}

void write_reason(Writer& out, const ConnectionRecord& record) {
  out.key("reason");
  if (record.reason.empty()) {
    out.null();
    return;
  }
  out.begin_object().key("code").string(record.reason);
  out.key("fix").string(fix_of_reason(record.reason));
  out.key("since").string(format_time(record.reason_at)).end_object();
}

}  // namespace

std::string render(const ConnectionRecord& record, Time now, ConnectionView view) {
  Writer out;
  out.begin_object().key("id").string(record.id.str()).key("object").string("connection");
  out.key("channel").string(record.channel).key("mode").string(identity::mode_name(record.mode));
  out.key("account_id").string(record.account);
  out.key("name").string_or_null(record.label);
  out.key("business_name").string(record.business_name);
  out.key("owner_business_id").string_or_null(record.owner_business_id);
  out.key("status").string(connection_status_name(record.status));
  write_reason(out, record);
  out.key("connected_via").string(connected_via_name(record.via));
  write_onboarding(out, record, view);
  out.key("payment_setup_status").string(payment_status_name(record.payment));
  write_funding(out, record, now, view);
  out.key("currency").string_or_null(record.currency);
  out.key("time_zone").string_or_null(record.time_zone);
  out.key("coexistence").boolean(record.is_on_app);
  write_time(out, "token_expires_at", record.token_expires_at);
  if (view == ConnectionView::kOperators) {
    write_time(out, "token_checked_at", record.token_checked_at);
    out.key("workspace_id").string(record.workspace.str());
    out.key("admin_notes").string(record.admin_notes);
  }
  out.key("created_at").string(format_time(record.created_at));
  out.key("updated_at").string(format_time(record.updated_at));
  write_time(out, "disconnected_at", record.disconnected_at);
  out.end_object();
  return std::move(out).take();
}

}  // namespace flowsell::connections
