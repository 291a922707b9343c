#include "team/settings_desk.h"

#include <utility>
#include <vector>

#include "audit/audit_log.h"
#include "json/writer.h"
#include "store/change.h"
#include "team/acts.h"
#include "time_zone.h"

namespace flowsell::team {
namespace {

using identity::StoredWorkspace;
using identity::WorkspaceSettings;

constexpr store::WriteKind kKind{"settings", 9, store::apply_each<store::Change>};

Error no_workspace() { return {ErrorCode::kNotFound, "there is no such workspace"}; }

std::string json_of_sender(const SenderId& sender) {
  return sender.is_none() ? "null" : json::quoted(sender.str());
}

std::string json_of_number(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "null";
}

std::string json_of_flag(bool flag) { return flag ? "true" : "false"; }

std::string json_of_ranges(const std::vector<IpRange>& ranges) {
  json::Writer out;
  out.begin_array();
  for (const IpRange& range : ranges) out.string(range.str());
  out.end_array();
  return std::move(out).take();
}

/// Each setting as a record shows it. The name is not among them: it may be somebody's.
std::vector<std::pair<std::string_view, std::string>> fields_of(const WorkspaceSettings& s) {
  return {{"time_zone", json::quoted(s.time_zone)},
          {"default_live_sender", json_of_sender(s.live_sender)},
          {"default_test_sender", json_of_sender(s.test_sender)},
          {"records_days", json_of_number(s.records_days)},
          {"content_hours", json_of_number(s.content_hours)},
          {"ip_allow_list", json_of_ranges(s.ip_allow_list)},
          {"sso_required", json_of_flag(s.sso_required)},
          {"support_needs_approval", json_of_flag(s.support_needs_approval)},
          {"consent_required_for_marketing", json_of_flag(s.consent_required_for_marketing)}};
}

/// Puts into the act what differs. False: nothing does.
bool put_difference(audit::Act& act, const StoredWorkspace& before, const StoredWorkspace& after) {
  json::Writer was, is;
  was.begin_object();
  is.begin_object();
  bool differs = false;
  const auto old_fields = fields_of(before.settings);
  const auto new_fields = fields_of(after.settings);
  for (std::size_t i = 0; i < old_fields.size(); ++i) {
    if (old_fields[i].second == new_fields[i].second) continue;
    differs = true;
    was.key(old_fields[i].first).raw(old_fields[i].second);
    is.key(new_fields[i].first).raw(new_fields[i].second);
  }
  was.end_object();
  is.end_object();
  if (differs) {
    act.before = std::move(was).take();
    act.after = std::move(is).take();
  }
  if (before.name == after.name) return differs;
  act.personal = audit::json_of({{"name_before", before.name}, {"name_after", after.name}});
  return true;
}

Error field_fault(std::string pointer, std::string code, std::string detail, std::string fix) {
  return fail_field(std::move(pointer), std::move(code), std::move(detail), std::move(fix)).error();
}

bool is_window(const std::optional<std::int64_t>& window, std::int64_t min, std::int64_t max) {
  return !window || (*window >= min && *window <= max);
}

Error window_fault(std::string_view field, std::int64_t min, std::int64_t max) {
  const std::string bounds = std::to_string(min) + " to " + std::to_string(max);
  return field_fault("/retention/" + std::string(field), "out_of_range",
                     "this server takes " + bounds,
                     "Send " + bounds + ", or null for the server's own.");
}

/// What became of a change.
struct Outcome {
  std::optional<Error> refused;
  StoredWorkspace stored;
};

}  // namespace

SettingsDesk::SettingsDesk(store::Database& db, identity::Workspaces& workspaces,
                           RetentionLimits limits, IdSource& ids, const Clock& clock)
    : db_(db), workspaces_(workspaces), limits_(limits), ids_(ids), clock_(clock) {}

Task<StoredWorkspace> SettingsDesk::find(WorkspaceId workspace) const {
  CO_TRY(auto found, co_await db_.read([workspace](store::Connection& db) {
    return identity::find_workspace(db, workspace);
  }));
  if (!found) co_return std::unexpected(no_workspace());
  co_return *std::move(found);
}

/// Only of what differs: what was right once stays, also where the server's limits have changed.
std::optional<Error> SettingsDesk::fault_of(const WorkspaceSettings& before,
                                            const WorkspaceSettings& after, const By& by) const {
  if (after.time_zone != before.time_zone && !is_time_zone(after.time_zone)) {
    return field_fault("/time_zone", "invalid_value", "there is no such time zone",
                       "Send a name of IANA's list, for example Asia/Kolkata.");
  }
  const std::int64_t days_max = limits_.records.count() == 0
                                    ? kRecordsDaysMax
                                    : static_cast<std::int64_t>(limits_.records.count());
  if (after.records_days != before.records_days &&
      !is_window(after.records_days, kRecordsDaysMin, days_max)) {
    return window_fault("records_days", kRecordsDaysMin, days_max);
  }
  const auto hours_max = static_cast<std::int64_t>(limits_.content.count());
  if (after.content_hours != before.content_hours && !is_window(after.content_hours, 0, hours_max))
    return window_fault("content_hours", 0, hours_max);
  if (!after.ip_allow_list.empty() && !is_in(after.ip_allow_list, by.origin.address)) {
    return field_fault("/ip_allow_list", "locks_you_out",
                       "the list lacks the address that you call from, " + by.origin.address,
                       "Add it, or a range that has it: you could not change the list again.");
  }
  return std::nullopt;
}

Task<StoredWorkspace> SettingsDesk::change(By by, Edit edit) {
  const WorkspaceId workspace = by.caller.workspace;
  auto body = [&](store::Connection& db) -> Result<Outcome> {
    TRY(const auto before, identity::find_workspace(db, workspace));
    if (!before) return Outcome{no_workspace(), {}};
    Outcome outcome{std::nullopt, *before};
    edit(outcome.stored);
    auto act = act_of(ids_, clock_.now(), by, "workspace.changed", workspace.str());
    if (!put_difference(act, *before, outcome.stored)) return outcome;
    outcome.refused = fault_of(before->settings, outcome.stored.settings, by);
    if (outcome.refused) return outcome;
    ++outcome.stored.revision;
    CHECK_OK(identity::store_workspace(db, workspace, outcome.stored));
    CHECK_OK(audit::append(db, act));
    return outcome;
  };
  CO_TRY(auto outcome, co_await store::change(db_, kKind, std::move(body)));
  if (outcome.refused) co_return std::unexpected(*std::move(outcome.refused));
  workspaces_.settings().put(workspace, outcome.stored);
  co_return std::move(outcome.stored);
}

}  // namespace flowsell::team
